from django.db import migrations

from yangbanjian.ground.database.walls import (
    AUDITS,
    ME,
    READS_ALL,
    SYSTEM,
    WRITES_ALL,
    changed_wall,
    mine,
    opened,
)

MINE = mine("owner_id")
# An operator who brings an owner's table has started it, and reads on how it went.
OWN = f"{MINE} OR started_by = {ME}"


class Migration(migrations.Migration):
    dependencies = [("intake", "0003_row_security"), ("database", "0004_opened")]
    operations = [
        migrations.RunSQL(
            changed_wall(
                "intake_import",
                read=f"{OWN} OR {AUDITS} OR {opened('owner_id')}",
                add=f"{OWN} OR {SYSTEM}",
                change=f"{OWN} OR {SYSTEM}",
                remove=f"{OWN} OR {SYSTEM}",
            ),
            changed_wall(
                "intake_import",
                read=f"{OWN} OR {READS_ALL}",
                add=f"{OWN} OR {WRITES_ALL}",
                change=f"{OWN} OR {WRITES_ALL}",
                remove=f"{OWN} OR {WRITES_ALL}",
            ),
        )
    ]
