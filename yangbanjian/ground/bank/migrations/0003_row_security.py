from django.db import migrations

from yangbanjian.ground.database.walls import SYSTEM, mine, no_wall, wall

READERS = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
# Whether who runs the site keeps books (in a sandbox only) is asked by the policy of the room.
KEEPERS = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator'))"
OURS = f"SELECT a.id FROM ledger_account AS a WHERE {mine('owner_id')}"  # noqa: S608 - our own words
# Transfers and matches are asked through their own policies, which hold inside.
MOVED = "EXISTS (SELECT FROM ledger_transfer AS t WHERE t.id = transfer_id)"
PLACED = "EXISTS (SELECT FROM bank_match AS m WHERE m.line_id = bank_line.id)"
TABLES = {
    "bank_account": {
        "read": f"{READERS} OR {mine('owner_id')}", "write": SYSTEM, "add": KEEPERS,
    },
    # A line is of whoever has its money: the bank account's owner, and whom it was matched to.
    "bank_line": {"read": f"{READERS} OR {MOVED} OR {PLACED}", "write": SYSTEM, "add": KEEPERS},
    "bank_expectation": {
        "read": f"{READERS} OR account_id IN ({OURS})", "write": KEEPERS,
        "add": f"{KEEPERS} OR account_id IN ({OURS})",
    },
    "bank_match": {"read": f"{READERS} OR {MOVED}", "write": KEEPERS},
}  # fmt: skip
OPERATIONS = [
    # The guards' functions read all four as the poster: what is true does not depend on who asks.
    migrations.RunSQL(
        "".join(wall(table, **who, poster="SELECT") for table, who in TABLES.items()),
        "".join(no_wall(table) for table in reversed(TABLES)),
    )
]


class Migration(migrations.Migration):
    dependencies = [
        ("bank", "0002_guards"),
        ("ledger", "0005_row_security"),
    ]
    operations = OPERATIONS
