from django.db import migrations

from yangbanjian.ground.database.walls import SYSTEM, no_wall, wall


class Migration(migrations.Migration):
    dependencies = [("openness", "0002_guards"), ("trading", "0007_row_security")]
    operations = [
        # Published: everybody reads them. The house alone writes them, by the news of the journal.
        migrations.RunSQL(
            wall("openness_release", read="true", write=SYSTEM), no_wall("openness_release")
        )
    ]
