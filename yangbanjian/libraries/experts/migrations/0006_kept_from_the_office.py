from django.db import migrations

from yangbanjian.ground.database.walls import ME, READS_ALL, mine
from yangbanjian.libraries.records.walls import SHOWN, kept_wall, no_kept_wall

OWN = f"{mine('owner_id')} OR person_id = {ME}"
PUBLIC = SHOWN
PLACE = "experts", "experts_expert"


class Migration(migrations.Migration):
    dependencies = [("experts", "0005_row_security"), ("database", "0004_opened")]
    operations = [
        migrations.RunSQL(
            kept_wall(*PLACE, shown=PUBLIC, own=OWN),
            no_kept_wall(*PLACE, read=f"{PUBLIC} OR {OWN} OR {READS_ALL}", own=OWN),
        )
    ]
