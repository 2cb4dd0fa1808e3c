from django.db import migrations

from yangbanjian.ground.database.walls import ME, SYSTEM, mine, no_wall, wall

STAFF = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
EXCHANGE = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator'))"
OWN = mine("owner_id")
INSIDE = f"{OWN} OR {STAFF}"
SHOWN = "state IN ('open', 'paused', 'ended', 'stopped')"
# What stands as it was written is changed by nobody; the rights and a trigger say so too.
TABLES = {
    "trading_decision": {"read": INSIDE, "add": f"{OWN} OR {SYSTEM}", "write": SYSTEM},
    "trading_statement": {"read": INSIDE, "add": f"{OWN} OR {EXCHANGE}", "write": SYSTEM},
    "trading_way": {"read": INSIDE, "write": f"{OWN} OR {SYSTEM}"},
    # The exchange rules, and by that a notice goes on or stops.
    "trading_notice": {
        "read": f"{SHOWN} OR {INSIDE}", "add": f"{OWN} OR {SYSTEM}", "write": f"{OWN} OR {EXCHANGE}",
    },
    # What a notice said before is seen with the notice, whose policy holds inside.
    "trading_notice_version": {
        "read": f"{INSIDE} OR EXISTS (SELECT FROM trading_notice AS n WHERE n.id = notice_id)",
        "add": f"{OWN} OR {SYSTEM}", "write": SYSTEM,
    },
    # Anybody may object, also who may not read it afterwards: the house writes it down.
    "trading_objection": {
        "read": f"{INSIDE} OR made_by = {ME}", "add": SYSTEM,
        "write": f"{OWN} OR {EXCHANGE} OR made_by = {ME}",
    },
    # The register is open to everybody; the exchange writes it.
    "trading_right": {"read": "true", "add": EXCHANGE, "write": SYSTEM},
    "trading_right_entry": {"read": "true", "add": EXCHANGE, "write": SYSTEM},
}  # fmt: skip
OPERATIONS = [
    migrations.RunSQL(wall(table, **who), no_wall(table)) for table, who in TABLES.items()
]


class Migration(migrations.Migration):
    dependencies = [
        ("trading", "0006_deal_guards"),
        ("achievements", "0005_row_security"),
        ("files", "0003_row_security"),
    ]
    operations = OPERATIONS
