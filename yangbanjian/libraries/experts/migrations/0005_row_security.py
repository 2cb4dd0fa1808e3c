from django.db import migrations, models

from yangbanjian.ground.database.walls import ME, READS_ALL, mine
from yangbanjian.libraries.records.walls import SHOWN, library_wall, no_library_wall

OWN = f"{mine('owner_id')} OR person_id = {ME}"
READ = f"{SHOWN} OR {OWN} OR {READS_ALL}"
PLACE = "experts", "experts_expert"


class Migration(migrations.Migration):
    dependencies = [("experts", "0004_shelf_index"), ("database", "0003_row_security")]
    operations = [
        migrations.AddIndex(
            model_name="expert",
            index=models.Index(
                fields=["state"],
                condition=models.Q(
                    ("state__in", ("public", "expiring", "expired", "withdrawn", "sold")),
                ),
                name="expert_shown",
            ),
        ),
        migrations.RunSQL(library_wall(*PLACE, read=READ, own=OWN), no_library_wall(*PLACE)),
    ]
