from django.db import migrations, models

from yangbanjian.ground.database.walls import READS_ALL, mine
from yangbanjian.libraries.records.walls import SHOWN, library_wall, no_library_wall

SEEN = "(visibility IN ('anonymous', 'named') OR (SELECT ybj_has_role('broker')))"
OWN = mine("owner_id")
READ = f"{SHOWN} AND {SEEN} OR {OWN} OR {READS_ALL}"
PLACE = "demands", "demands_demand"


class Migration(migrations.Migration):
    dependencies = [("demands", "0004_shelf_index"), ("database", "0003_row_security")]
    operations = [
        migrations.AddIndex(
            model_name="demand",
            index=models.Index(
                fields=["state"],
                condition=models.Q(
                    ("state__in", ("public", "expiring", "expired", "withdrawn", "sold")),
                    ("visibility__in", ["anonymous", "named"]),
                ),
                name="demand_shown",
            ),
        ),
        migrations.RunSQL(library_wall(*PLACE, read=READ, own=OWN), no_library_wall(*PLACE)),
    ]
