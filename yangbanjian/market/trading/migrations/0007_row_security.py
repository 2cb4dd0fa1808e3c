from django.db import migrations

from yangbanjian.ground.database.walls import ME, SYSTEM, mine, no_wall, wall

STAFF = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
EXCHANGE = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator'))"
OWN = mine("owner_id")
PUBLISHED = "published_at IS NOT NULL"
BEGUN = (
    "state IN ('open', 'paused', 'opening', 'priority', 'sold', 'defaulted', 'settled', 'unsold',"
    " 'stopped')"
)
OF_LISTING = "EXISTS (SELECT FROM trading_listing AS l WHERE l.id = listing_id)"
OF_LOT = "EXISTS (SELECT FROM trading_lot AS t WHERE t.id = lot_id)"
SELLER = f"EXISTS (SELECT FROM trading_deal AS d WHERE d.id = deal_id AND ({mine('d.owner_id')}))"
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
    # What a buyer's act moves in a listing or a lot, the house moves.
    "trading_listing": {"read": f"{PUBLISHED} OR {INSIDE}", "write": f"{OWN} OR {EXCHANGE}"},
    "trading_listing_version": {
        "read": f"{INSIDE} OR {OF_LISTING}", "add": f"{OWN} OR {EXCHANGE}", "write": SYSTEM,
    },
    # The buyer's and the exchange's; a seller does not learn who bids.
    "trading_registration": {"read": INSIDE, "write": f"{OWN} OR {EXCHANGE}"},
    # With the answer everybody's; anybody may ask, so the house writes it down.
    "trading_question": {
        "read": f"answered_at IS NOT NULL OR {mine('owner_id', 'asker_id')} OR {STAFF}",
        "add": SYSTEM, "write": f"{OWN} OR {EXCHANGE}",
    },
    "trading_lot": {
        "read": f"{BEGUN} OR {INSIDE} OR {OF_LISTING}", "write": EXCHANGE, "add": SYSTEM,
    },
    # Sealed, also for who runs the market.
    "trading_reserve": {"read": SYSTEM, "write": SYSTEM},
    "trading_sealing": {"read": SYSTEM, "write": SYSTEM},
    "trading_received": {"read": f"{OWN} OR {SYSTEM}", "write": SYSTEM},
    # Ceilings stand in the log: what of it is told while bidding runs is a rule of logs.
    "trading_lot_line": {"read": SYSTEM, "write": SYSTEM},
    # By their plates, with the lot.
    "trading_bid": {"read": f"{STAFF} OR {OF_LOT}", "write": SYSTEM},
    # Results are public; of a deal's inside pages tell the parties and the staff alone.
    "trading_deal": {
        "read": "true", "add": EXCHANGE, "write": f"{mine('owner_id', 'buyer_id')} OR {EXCHANGE}",
    },
    "trading_instalment": {"read": f"{INSIDE} OR {SELLER}", "write": EXCHANGE},
    "trading_royalty_report": {
        "read": f"{INSIDE} OR {SELLER}", "add": f"{OWN} OR {SYSTEM}", "write": SYSTEM,
    },
}  # fmt: skip
OPERATIONS = [
    migrations.RunSQL(wall(table, **who), no_wall(table)) for table, who in TABLES.items()
]


class Migration(migrations.Migration):
    dependencies = [
        ("trading", "0006_deal_guards"),
        ("achievements", "0005_row_security"),
        ("files", "0003_row_security"),
        ("bank", "0003_row_security"),
        ("ledger", "0005_row_security"),
    ]
    operations = OPERATIONS
