"""What the catalogue says of the walls around rows that belong to somebody, as a list of faults.

Reads the catalogue alone, so that a table, view, function or key of tomorrow is judged too. Each
exception stands here by name, with its reason.
"""

from __future__ import annotations

from typing import Any

import psycopg

# Tables that speak of a person or an organisation and are open to every actor, and why.
OPEN = {
    "people_organisation": "the directory: names and kinds are public, contacts are shown by rules",
    "people_organisation_tag": "tags can be read by everybody",
    "people_person": "signing in must find it before anybody acts; pages show names alone",
    "people_membership": "who may do what is read to find out who acts",
    "people_claim": "decided by operators, by a policy of its room",
    "people_invitation": "found by the secret of its link before anybody acts",
    "people_sign_in": "digests of names, for the lock-out, before anybody acts",
    "people_letter": "digests of addresses, for the brake, before anybody acts",
    "people_recovery_code": "digests, read while signing in",
    "people_browser_session": "read to find out who acts",
    "people_identity": "read while signing in",
    "credentials_credential": "found by the secret of its address; shown to whoever has it",
    "journal_undelivered": "the worker's own: the number of an entry and what went wrong",
    "log_leaf": "digests, published",
    "trading_inbox": "written in one statement, for the speed of it, before anybody acts; its number"
    " is told to nobody, no question of a page reads it, and it is emptied after an hour",
}
# Walled tables that everybody may read, and why: their walls are against writing.
PUBLIC = {
    "trading_right": "the register of rights is public",
    "trading_right_entry": "the register of rights is public, with what was entered when",
    "trading_deal": "results are public; contract and payments are shown by rules",
    "certificates_certificate": "shown to whoever has its number, which nobody guesses",
    "openness_release": "published: what it says is for everybody",
}
# What makes a row somebody's: a reference to one of these, or a column of such a name.
OWNERS = ("people_organisation", "people_person")
NAMES = (
    "owner_id", "organisation_id", "person_id", "seeker_id", "provider_id", "broker_id", "made_by",
    "started_by", "created_by", "acted_for", "bidder_id", "client_id", "party_ids", "buyer_id",
    "asker_id",
)  # fmt: skip
# Functions that may do more than their caller, all of the poster's and with a fixed search path.
LENT = frozenset(
    {
        "ledger_expire", "ledger_open_account", "ledger_settled", "post_batch", "matching_met",
        "achievements_said", "achievements_numbered", "achievements_alike",
        "demands_said", "demands_numbered", "demands_alike",
        "bank_account_fits", "bank_line_posted", "bank_expectation_fits", "bank_match_fits",
        "bank_match_undone", "bank_adds_up",
        "experts_said", "experts_numbered", "experts_alike",
    }
)  # fmt: skip
# Unique keys of walled tables that begin with no owner, and why they tell nothing of another's row.
KEYS = {
    "people_token_digest": "a digest of 256 random bits",
    "ledger_account_key": "a random name that its opener made",
    "ledger_account_named_once": "the house's own accounts",
    "ledger_transfer_pkey": "a random name that its sender made: told back as «exists» to the sender",
    "ledger_transfer_seq": "drawn by the poster",
    "ledger_transfer_resolved_once": "of one hold, whose parties write it",
    "ledger_transfer_chain_once": "a random name that its sender made",
    "achievement_version_once": "of one record",
    "demand_version_once": "of one record",
    "expert_version_once": "of one record",
    "match_demand_achievement_once": "of one demand: its owner's",
    "match_demand_expert_once": "of one demand: its owner's",
    "match_tags_achievement_once": "begins with the seeker",
    "feedback_once": "of one match, and then one's organisation",
    "document_once": "written by the index alone",
    "request_once": "begins with the caller",
    "file_once": "the owner is part of it: the same bytes of another owner are another row",
    "journal_remark_pkey": "of one entry",
    "bank_account_number": "the house's own accounts, written by its bookkeepers alone",
    "bank_account_account_id": "of one account of the ledger, written by bookkeepers",
    "bank_line_once": "begins with the house's own bank account",
    "bank_line_transfer_id": "of one transfer, written by bookkeepers",
    "bank_expectation_reference": "stands for one thing everywhere: told to whoever is to pay",
    "bank_expectation_hold_id": "of one hold, whose account's owner orders the payment",
    "bank_expectation_repeats_id": "of one order, which bookkeepers give anew",
    "bank_match": "of one line, one transfer, one expectation: written by bookkeepers",
    "notice_one_at_a_time": "of one achievement: its owner's",
    "notice_version_once": "of one notice",
    "trading_way_pkey": "of one achievement: its owner's",
    "trading_right": "the register is public",
    "right_entry_seq_once": "the register is public",
    "listing_one_at_a_time": "of one achievement: its owner's",
    "listing_version_once": "of one listing",
    "registration_once": "of one listing, and then one's organisation",
    "registration_plate_once": "drawn by the house",
    "trading_registration_hold_id": "of one hold, whose account is the buyer's",
    "lot_round_once": "of one listing",
    "trading_reserve_pkey": "of one lot, written by the house",
    "trading_stuck_pkey": "of one lot, written by the house",
    "trading_sealing_pkey": "of one lot, written by the house",
    "paper_once": "of one listing: its seller's",
    "payout_once": "of one deal, written by the house",
    "payout_one_alive": "of one deal, written by the house",
    "undertaking_once": "of one listing, and then one's organisation",
    "received_key_once": "of one lot: a random name that its bidder made",
    "bid_seq_once": "numbered by the house",
    "lot_line_once": "numbered by the house",
    "deal_one_award": "of one lot, written by the house",
    "instalment_once": "of one deal, written by the house",
    "royalty_period_once": "of one deal: its buyer's",
    "certificates_certificate_no": "a random number, written by the exchange alone",
    "certificates_certificate_credential_id": "of one credential, written by the exchange alone",
    "certificate_one_live": "of one deal, written by the exchange alone",
    "openness_release_entry_id": "published, and written by the house alone",
}
OWNER_COLUMNS = frozenset({"owner_id", "person_id", "organisation_id", "seeker_id"})
# Rows that nobody changes once they stand: the product's login has no right to.
INSERT_ONLY = ("journal_entry", "ledger_transfer", "log_leaf", "log_subtree", "log_checkpoint")

_WALLED = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
  ARRAY(SELECT DISTINCT p.polcmd::text FROM pg_policy AS p
    WHERE p.polrelid = c.oid AND 'ybj_runtime'::regrole = ANY (p.polroles)) AS commands
FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
_OWNED = """
SELECT DISTINCT c.relname::text FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND (EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0
      AND NOT a.attisdropped AND a.attname = ANY (%(names)s))
    OR EXISTS (SELECT FROM pg_constraint AS f JOIN pg_class AS o ON o.oid = f.confrelid
      WHERE f.conrelid = c.oid AND f.contype = 'f' AND o.oid <> c.oid
        AND (o.relname = ANY (%(owners)s) OR o.relrowsecurity)))
"""
_UNIQUE = """
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname::text, i.indisprimary
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND i.indisunique
"""
_LENT = """
SELECT proname::text, pg_get_userbyid(proowner)::text,
  'search_path=pg_catalog, public, pg_temp' = ANY (COALESCE(proconfig, '{}'))
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
"""
_VIEWS = """
SELECT relname::text, relkind::text,
  'security_invoker=true' = ANY (COALESCE(reloptions, '{}'))
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
"""
_RIGHTS = """
SELECT t, p FROM unnest(%(tables)s::text[]) AS t, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS p
WHERE has_table_privilege('ybj_runtime', t, p)
UNION ALL
SELECT relname::text, 'TRUNCATE' FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relrowsecurity
  AND has_table_privilege('ybj_runtime', oid, 'TRUNCATE')
"""


def walled(found: psycopg.Connection[Any]) -> list[str]:
    """The tables that have a wall."""
    return sorted(name for name, on, _, _ in found.execute(_WALLED).fetchall() if on)


def owned(found: psycopg.Connection[Any]) -> list[str]:
    """The tables whose rows belong to somebody, by what the catalogue says of them."""
    rows = found.execute(_OWNED, {"names": list(NAMES), "owners": list(OWNERS)}).fetchall()
    return sorted(row[0] for row in rows)


def faults(found: psycopg.Connection[Any]) -> list[str]:
    """Every leak that the catalogue shows, each as a sentence that says what to do."""
    told = [*_of_tables(found), *_of_keys(found)]
    for name, kind, invokes in found.execute(_VIEWS).fetchall():
        if kind == "m":
            told.append(f"the materialised view {name} keeps rows past all policies: drop it")
        elif not invokes:
            told.append(f"the view {name} reads as its owner: make it WITH (security_invoker=true)")
    for name, owner, is_fixed in found.execute(_LENT).fetchall():
        if name not in LENT or owner != "ybj_poster":
            told.append(
                f"the definer function {name} of {owner} is not known: drop SECURITY DEFINER, or"
                " hand it to ybj_poster and list it in tests/walls.py LENT"
            )
        if not is_fixed:
            told.append(f"the definer function {name} has no fixed search path: SET search_path")
    for table, right in found.execute(_RIGHTS, {"tables": list(INSERT_ONLY)}).fetchall():
        told.append(f"the product's login may {right} in {table}: revoke it")
    return told


def _of_tables(found: psycopg.Connection[Any]) -> list[str]:
    told = []
    belong = set(owned(found))
    for name, is_on, is_forced, commands in found.execute(_WALLED).fetchall():
        if is_on and not is_forced:
            told.append(f"{name}: its owner passes the policies: FORCE ROW LEVEL SECURITY")
        if is_on and not {"r", "a", "w", "d"} <= set(commands):
            told.append(f"{name}: a policy is missing: use ground/database/walls.py")
        if not is_on and name in belong and name not in OPEN:
            told.append(
                f"{name} has rows that belong to somebody and no policy: put a wall around it in a"
                " migration (ground/database/walls.py), or say in tests/walls.py OPEN why not"
            )
    told += [f"{name} is walled: take it out of OPEN" for name in set(OPEN) & set(walled(found))]
    return told


def _of_keys(found: psycopg.Connection[Any]) -> list[str]:
    told = []
    for table, key, first, is_primary in found.execute(_UNIQUE).fetchall():
        # Numbers that the database draws: taking one that is there tells that it is there, no more.
        is_drawn = is_primary and first == "id" and table != "ledger_transfer"
        is_known = any(key == name or key.startswith(name + "_") for name in KEYS)
        if first not in OWNER_COLUMNS and not is_drawn and not is_known:
            told.append(
                f"the unique key {key} of {table} tells of other owners' rows: begin it with the"
                " owner, or say in tests/walls.py KEYS why it does not"
            )
    return told


# T7: what who runs the site reads by the role alone, table by table, and why; all other walled
# tables are opened to them by a grant, or (KEPT) not even by one.
OFFICE = {
    "access_grant": "operators see each other's looks, as their owners do",
    "journal_entry": "the site's own log of acts: ids and facts, never what a record says",
    "journal_remark": "why a step was taken, beside its entry: reasons of moderation are theirs",
    "records_report": "reports are addressed to them",
    "inbox_mail": "letters of a sandbox, which has no real mail box",
    "people_token": "names and digests of tokens, which they revoke for a person",
    "intake_mapping": "what headings of a table mean to an owner, no row of it",
    "bank_account": "the house's own accounts at its banks",
    "bank_line": "the house's own statements, which wait to be matched",
    "bank_expectation": "what the house waits for, by its reference",
    "bank_match": "which of the house's lines was matched to what it waited for",
    "trading_decision": "the operator stands in for the exchange: accepts by it",
    "trading_statement": "the operator stands in for the exchange: states checks",
    "trading_way": "the operator stands in for the exchange: accepts by it",
    "trading_notice": "the operator stands in for the exchange: rules on objections",
    "trading_notice_version": "as its notice",
    "trading_objection": "the operator stands in for the exchange: rules on it",
    "trading_listing": "the operator stands in for the exchange: accepts and confirms",
    "trading_listing_version": "as its listing",
    "trading_registration": "the operator stands in for the exchange: qualifies buyers",
    "trading_question": "the operator stands in for the exchange: answers may be late",
    "trading_lot": "the operator stands in for the exchange: runs it",
    "trading_bid": "by plates, as the room shows them; what is sealed is nobody's (T8)",
    "trading_instalment": "the operator stands in for the exchange: hands over when it is paid",
    "trading_royalty_report": "as the instalments",
    "trading_paper": "the operator stands in for the exchange: checks what is new before buyers see it",
    "trading_undertaking": "as the papers that it opens",
    "trading_reading": "as the papers",
    "trading_payout": "the operator stands in for the exchange: repeats what the bank sent back",
    "trading_use_report": "the operator stands in for the exchange: follows what is sold for a year",
    "bank_payee": "where the house pays to, which it must know to pay",
    **PUBLIC,
}
# Not even under a grant: sealed (T8), a person's own, or the house's machinery.
KEPT = {
    "trading_reserve": "sealed", "trading_sealing": "sealed", "trading_received": "sealed",
    "trading_lot_line": "sealed: ceilings stand in it",
    "records_draft": "what a person is typing", "records_saved_search": "a person's own",
    "records_star": "a person's own", "inbox_notice": "a person's own",
    "trading_stuck": "the worker's own: what went wrong may quote what is sealed",
    "matching_document": "the texts of all records, for the index",
    "intake_request": "kept answers of calls",
}  # fmt: skip
