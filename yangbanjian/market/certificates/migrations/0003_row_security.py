from django.db import migrations

from yangbanjian.ground.database.walls import SYSTEM, mine, no_wall, wall

STAFF = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
EXCHANGE = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator'))"
TABLES = {
    # Shown to whoever has its number, which nobody guesses; the exchange issues and revokes it.
    "certificates_certificate": {"read": "true", "write": EXCHANGE},
    # The seller's diligence, which the buyer does not read.
    "certificates_dossier": {
        "read": f"{mine('owner_id')} OR {STAFF}", "add": f"{mine('owner_id')} OR {STAFF}",
        "write": SYSTEM,
    },
}  # fmt: skip
OPERATIONS = [
    migrations.RunSQL(wall(table, **who), no_wall(table)) for table, who in TABLES.items()
]


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0002_guards"),
        ("trading", "0007_row_security"),
    ]
    operations = OPERATIONS
