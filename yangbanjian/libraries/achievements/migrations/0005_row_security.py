from django.db import migrations, models

from yangbanjian.ground.database.walls import READS_ALL, mine
from yangbanjian.libraries.records.walls import SHOWN, library_wall, no_library_wall

OWN = mine("owner_id", "custody_broker_id")
READ = f"{SHOWN} OR {OWN} OR {READS_ALL}"
PLACE = "achievements", "achievements_achievement"


class Migration(migrations.Migration):
    dependencies = [("achievements", "0004_shelf_index"), ("database", "0003_row_security")]
    operations = [
        migrations.AddIndex(
            model_name="achievement",
            index=models.Index(
                fields=["state"],
                condition=models.Q(
                    ("state__in", ("public", "expiring", "expired", "withdrawn", "sold")),
                ),
                name="achievement_shown",
            ),
        ),
        migrations.RunSQL(library_wall(*PLACE, read=READ, own=OWN), no_library_wall(*PLACE)),
    ]
