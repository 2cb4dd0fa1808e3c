from django.db import migrations

from yangbanjian.ground.database.walls import READS_ALL, mine
from yangbanjian.libraries.records.walls import SHOWN, library_wall, no_library_wall

OWN = mine("owner_id", "custody_broker_id")
READ = f"{SHOWN} OR {OWN} OR {READS_ALL}"
PLACE = "achievements", "achievements_achievement"


class Migration(migrations.Migration):
    dependencies = [("achievements", "0004_shelf_index"), ("database", "0003_row_security")]
    operations = [
        migrations.RunSQL(library_wall(*PLACE, read=READ, own=OWN), no_library_wall(*PLACE))
    ]
