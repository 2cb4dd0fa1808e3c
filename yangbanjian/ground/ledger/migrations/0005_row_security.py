from django.db import migrations

from yangbanjian.ground.database.walls import mine, no_wall, wall

READERS = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
OWN = mine("owner_id")
# A transfer is its two accounts' owners'; the list of accounts is read once a statement.
OURS = f"SELECT a.id FROM ledger_account AS a WHERE {OWN}"  # noqa: S608 - our own words
OPERATIONS = [
    # Nobody but the poster writes; the others have no right to, and their policies say no again.
    migrations.RunSQL(
        wall("ledger_account", read=f"{READERS} OR {OWN}", write="false", poster="ALL")
        + wall(
            "ledger_transfer",
            read=f"{READERS} OR debit_id IN ({OURS}) OR credit_id IN ({OURS})",
            write="false",
            poster="ALL",
        ),
        no_wall("ledger_transfer") + no_wall("ledger_account"),
    )
]


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_short_paths"),
        ("database", "0003_row_security"),
    ]
    operations = OPERATIONS
