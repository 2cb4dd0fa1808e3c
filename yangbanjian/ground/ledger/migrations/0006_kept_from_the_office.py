from django.db import migrations

from yangbanjian.ground.database.walls import AUDITS, OPERATES, changed_wall, mine, opened

# The exchange keeps the books, in a sandbox also who runs the site (the policy of the room). Beyond
# that they read the house's own accounts and the sums; what an organisation has and moves is opened
# by a grant (T7).
KEEPS = (
    "(SELECT ybj_has_role('exchange') OR ybj_has_role('operator')"
    " AND EXISTS (SELECT FROM clock_installation WHERE is_sandbox))"
)
READERS = f"{AUDITS} OR {KEEPS}"
BEFORE = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
OWN = mine("owner_id")
MINE = f"SELECT a.id FROM ledger_account AS a WHERE {OWN}"  # noqa: S608 - our own words
OPENED = f"SELECT a.id FROM ledger_account AS a WHERE {opened('a.owner_id')}"  # noqa: S608
HOUSE = "SELECT a.id FROM ledger_account AS a WHERE a.owner_id IS NULL"
MOVED = f"debit_id IN ({HOUSE}) OR credit_id IN ({HOUSE}) OR debit_id IN ({OPENED}) OR credit_id IN ({OPENED})"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_row_security"), ("database", "0004_opened")]
    operations = [
        migrations.RunSQL(
            changed_wall(
                "ledger_account",
                read=f"{READERS} OR {OWN} OR {OPERATES} AND owner_id IS NULL OR {opened('owner_id')}",
            )
            + changed_wall(
                "ledger_transfer",
                read=f"{READERS} OR debit_id IN ({MINE}) OR credit_id IN ({MINE})"
                f" OR {OPERATES} AND ({MOVED})",
            ),
            changed_wall("ledger_account", read=f"{BEFORE} OR {OWN}")
            + changed_wall(
                "ledger_transfer",
                read=f"{BEFORE} OR debit_id IN ({MINE}) OR credit_id IN ({MINE})",
            ),
        )
    ]
