from django.db import migrations

from yangbanjian.ground.database.walls import ME, READS_ALL, WRITES_ALL, mine, no_wall, wall

OWN = f"{mine('owner_id')} OR made_by = {ME}"
OPERATIONS = [
    migrations.RunSQL(
        wall(
            "files_file",
            read=f"is_public OR {OWN} OR {READS_ALL}",
            write=f"{OWN} OR {WRITES_ALL}",
        ),
        no_wall("files_file"),
    )
]


class Migration(migrations.Migration):
    dependencies = [
        ("files", "0002_content_digests"),
        ("database", "0003_row_security"),
    ]
    operations = OPERATIONS
