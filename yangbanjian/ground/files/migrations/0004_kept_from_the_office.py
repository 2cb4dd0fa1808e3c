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

OWN = f"{mine('owner_id')} OR made_by = {ME}"
WRITE = f"{OWN} OR {SYSTEM}"


class Migration(migrations.Migration):
    dependencies = [("files", "0003_row_security"), ("database", "0004_opened")]
    operations = [
        migrations.RunSQL(
            changed_wall(
                "files_file",
                read=f"is_public OR {OWN} OR {AUDITS} OR {opened('owner_id')}",
                add=WRITE,
                change=WRITE,
                remove=WRITE,
            ),
            changed_wall(
                "files_file",
                read=f"is_public OR {OWN} OR {READS_ALL}",
                add=f"{OWN} OR {WRITES_ALL}",
                change=f"{OWN} OR {WRITES_ALL}",
                remove=f"{OWN} OR {WRITES_ALL}",
            ),
        )
    ]
