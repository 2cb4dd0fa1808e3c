from django.db import migrations

from yangbanjian.ground.database.walls import AUDITS, changed_wall, mine, opened

OWN = mine("owner_id")
BEFORE = f"{OWN} OR (SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
# The seller's diligence: who runs the site reads it through a grant (T7), the exchange by its office.
NOW = f"{OWN} OR {AUDITS} OR (SELECT ybj_has_role('exchange')) OR {opened('owner_id')}"


class Migration(migrations.Migration):
    dependencies = [("certificates", "0003_row_security"), ("database", "0004_opened")]
    operations = [
        migrations.RunSQL(
            changed_wall("certificates_dossier", read=NOW, add=NOW),
            changed_wall("certificates_dossier", read=BEFORE, add=BEFORE),
        )
    ]
