from django.db import migrations

from yangbanjian.ground.database.walls import READS_ALL, mine
from yangbanjian.libraries.records.walls import SHOWN, kept_wall, no_kept_wall

OWN = mine("owner_id", "custody_broker_id")
PUBLIC = SHOWN
PLACE = "achievements", "achievements_achievement"


class Migration(migrations.Migration):
    dependencies = [("achievements", "0005_row_security"), ("database", "0004_opened")]
    operations = [
        migrations.RunSQL(
            kept_wall(*PLACE, shown=PUBLIC, own=OWN),
            no_kept_wall(*PLACE, read=f"{PUBLIC} OR {OWN} OR {READS_ALL}", own=OWN),
        )
    ]
