"""Faults put on purpose into the poster, the log and the verifier: the test of the tests.

A row says where (`sql function`, or `module:name`), what is there (a pattern that must match once
or more: a mutant that no longer fits its function fails the run, and is aimed anew here), what
stands there instead, and which examination must find it.
"""

from __future__ import annotations
import __future__

import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Sql = Callable[..., Any]
BOOKS, LOG, RULES, VERIFIER, AUDIT = "books", "log", "rules", "verifier", "audit"
FILES = "files"
_GROUND = "yangbanjian.ground."
_MERKLE, _NOTES = _GROUND + "log.rules.merkle", _GROUND + "log.rules.notes"
_VERIFY, _BOOK = "verify.", _GROUND + "ledger.rules.book:Book"
_AUDIT, _JUDGE = _GROUND + "log.audit:_Audit", _GROUND + "log.rows:_judge"
_STORED, _KEPT = _GROUND + "files.actions:", _GROUND + "log.kept_files:"
_SEQUENCE, _UNPLACED = _GROUND + "log.actions:sequence", _GROUND + "log.actions:_unplaced"
_BEHIND = _GROUND + "log.queries:behind"
# The ways of posting: one plain transfer, a set of them, and whatever else there is.
ONE, SET, ANY = "post_batch", "ledger_post_set", "ledger_post_any"


@dataclass(frozen=True)
class Mutant:
    name: str
    where: str
    pattern: str
    instead: str
    killer: str


MUTANTS = [
    # --- the poster -----------------------------------------------------------------------------
    Mutant("a limit that forgets what is reserved", ANY,
           r"a_dpe\[d\] \+ a_dpo\[d\] \+ amount_ > a_cpo\[d\]", "a_dpo[d] + amount_ > a_cpo[d]", BOOKS),
    Mutant("a limit that cannot be used up", ANY,
           r"amount_ > a_cpo\[d\]", "amount_ >= a_cpo[d]", BOOKS),
    Mutant("a limit for everybody", ANY, r"a_limited\[d\] AND ", "", BOOKS),
    Mutant("no end of exact numbers", ANY, r"a_dpo\[d\] \+ posted > most", "false", BOOKS),
    Mutant("holds that never run out", ANY, r"moment >= h_expires", "false", BOOKS),
    Mutant("a hold resolved twice in a batch", ANY,
           r"OR resolved\[r\.hold_group\]", "", BOOKS),
    Mutant("a rest that stays reserved", ANY,
           r"pending := -h_amount;", "pending := -amount_;", BOOKS),
    Mutant("a void in part", ANY,
           r"r\.kind = 'void' AND amount_ <> h_amount", "false", BOOKS),
    Mutant("more paid than held", ANY,
           r"amount_ > h_amount THEN", "amount_ > h_amount + 1 THEN", BOOKS),
    Mutant("an altered replay that passes", ANY,
           r"(known_digest = r\.digest THEN 'exists' ELSE )'conflict'", r"\1'exists'", BOOKS),
    Mutant("a replay that is refused", ANY,
           r"(known_digest = r\.digest THEN )'exists'", r"\1'conflict'", BOOKS),
    Mutant("twice in one batch", ANY,
           r"at_made <= start OR \(at_made IS NOT NULL AND r\.chain IS NULL\)", "false", BOOKS),
    Mutant("a replay without its number", ANY,
           r"COALESCE\(r\.known_seq, -made\[r\.group_\]\)", "NULL", BOOKS),
    Mutant("a broken chain of which a part stays", ANY,
           r"j := start;(\s+END IF;)", r"NULL;\1", BOOKS),
    Mutant("a broken chain that keeps its sums", ANY,
           r"a_dpo\[w_d\[i\]\] := a_dpo\[w_d\[i\]\] - w_posted\[i\];", "", BOOKS),
    Mutant("a broken chain that keeps its hold", ANY,
           r"resolved\[w_hold_group\[i\]\] := false;", "NULL;", BOOKS),
    Mutant("a broken chain of which a part is said to stand", ANY,
           r"results\[w_place\[i\]\] := 'chain_failed';", "NULL;", BOOKS),
    Mutant("a chain that is not closed", ANY, r" OR r\.is_closed", "", BOOKS),
    Mutant("a chain that waits for its last", ANY,
           r"ORDER BY turn, g\.place", "ORDER BY g.place", BOOKS),
    Mutant("a receiver who is nobody", ANY,
           r"IF d IS NULL OR c IS NULL THEN", "IF d IS NULL THEN", BOOKS),
    Mutant("any asset for the receiver", ANY,
           r" OR a_asset\[c\] <> r\.asset", "", BOOKS),
    Mutant("any asset for a resolution", ANY, r"r\.asset <> h_asset", "false", BOOKS),
    Mutant("a correction of nothing", ANY,
           r"r\.corrected_asset IS DISTINCT FROM r\.asset", "false", BOOKS),
    Mutant("expired but said to be resolved", ANY,
           r"(r\.resolution = 'expire' THEN\s+verdict := )'expired'", r"\1'resolved'", BOOKS),
    Mutant("expiry before its time", "ledger_expire",
           r"h\.expires_at <= moment", "h.expires_at <= moment + interval '40 minutes'", BOOKS),
    Mutant("expiry that comes late", "ledger_expire",
           r"h\.expires_at <= moment", "h.expires_at <= moment - interval '10 minutes'", BOOKS),
    Mutant("a past that is not over", "ledger_settled", r"LEAST\(drawn, ", "GREATEST(drawn, ", BOOKS),
    Mutant("numbers drawn unsaid", "ledger_announce", r"19013", "19014", BOOKS),
    # --- its short ways -------------------------------------------------------------------------
    Mutant("one number drawn unsaid", ONE, r"19013", "19014", BOOKS),
    Mutant("one past its limit", ONE, r"LEAST\(a\.free, a\.rest\)", "a.rest", BOOKS),
    Mutant("one on what is reserved", ONE, r" - k\.debits_pending\)", ")", BOOKS),
    Mutant("one of any asset", ONE, r"AND a\.is_of_asset", "", BOOKS),
    Mutant("one correction of nothing", ONE, r", 'corrects_id'\]", "]", BOOKS),
    Mutant("one hold that never runs out", ONE, r"CASE WHEN s\.kind = 'pending' THEN a\.moment .*? END,",
           "NULL,", BOOKS),
    Mutant("one told to stand that was there", ONE, r"IF FOUND THEN(\s+place)", r"IF true THEN\1", BOOKS),
    # (What a set looks at of limits is looked at again by the table, and then by the long way.)
    Mutant("a set without its chains", SET, r" AND p\.chain IS NULL", "", BOOKS),
    Mutant("a set without its corrections", SET, r"AND p\.corrects_id IS NULL", "", BOOKS),
    Mutant("a set with one left out", SET, r"written <> n", "false", BOOKS),
    Mutant("a set of which a part is kept", SET, r"RAISE no_data_found;", "RETURN;", BOOKS),
    Mutant("a set numbered backwards", SET, r"RETURN QUERY SELECT u\.no::integer",
           "RETURN QUERY SELECT (n + 1 - u.no)::integer", BOOKS),
    Mutant("a set that draws unsaid", SET, r"PERFORM ledger_announce\(\);", "", BOOKS),
    Mutant("a sum that forgets what is received", "ledger_transfer_moves",
           r"a\.credits_posted \+ net\.cpo", "a.credits_posted", BOOKS),
    Mutant("a whole hold that pays nothing", _BOOK + "._resolve",
           r"amount if asked\.kind is Kind\.POST else 0", "0", RULES),
    Mutant("the book without limits", _BOOK + "._post_one", r"debit\.is_limited and ", "False and ",
           RULES),
    Mutant("the book with broken chains", _BOOK + ".post",
           r"self\.standing, self\.resolved, self\.last_seq = before", "pass", RULES),
    # --- the log --------------------------------------------------------------------------------
    Mutant("who commits late is overtaken", _UNPLACED, r"xact__lt=settled(?:, )?", "", LOG),
    Mutant("entries by their number", _UNPLACED, r'order_by\("xact", "id"\)', 'order_by("id")', LOG),
    Mutant("only one batch", _SEQUENCE, r"settled if is_all else rows.*\]", "settled", LOG),
    Mutant("a floor above the next entry", _BEHIND, r"\[signed\.xact, ", "[signed.xact + 1, ", LOG),
    Mutant("the rest of a transaction left out", _BEHIND, r"last\.entry_id if .* else 0",
           "2**62", LOG),
    Mutant("heads without their number", _GROUND + "log.actions:_sign", r"before\.number \+ 1",
           "before.number", LOG),
    Mutant("nodes that pass for leaves", _MERKLE + ":node_hash", r'b"\\x01"', 'b"\\\\x00"', VERIFIER),
    Mutant("leaves without their mark", _MERKLE + ":leaf_hash", r'b"\\x00" \+ ', "", VERIFIER),
    Mutant("the odd one twice", _MERKLE + ":folded", r"row\[len\(pairs\) \* 2 :\]",
           "[node_hash(row[-1], row[-1])] * (len(row) % 2)", VERIFIER),
    Mutant("a tree split elsewhere", _MERKLE + ":split", r"\(size - 1\)\.bit_length\(\)",
           "size.bit_length()", VERIFIER),
    Mutant("a path for the neighbour", _MERKLE + ":inclusion_proof", r"index < middle",
           "index <= middle", VERIFIER),
    Mutant("a proof short of the edge", _MERKLE + ":consistency_proof", r"old <= middle",
           "old < middle", VERIFIER),
    Mutant("subtrees left out", _MERKLE + ":completed", r"range\(before, after\)",
           "range(before + 1, after)", VERIFIER),
    Mutant("a size with a zero", _NOTES + ":Checkpoint.text", r"\{self\.size\}", "0{self.size}",
           VERIFIER),
    Mutant("old for new", _GROUND + "keys.rules:rotation_statement",
           r'"new": new\.hex\(\), "old": old', '"new": old.hex(), "old": new', VERIFIER),
    Mutant("leaves without their words", _GROUND + "log.rules.leaves:leaf_of",
           r"bytes\(row\.remark_sha256\)\.hex\(\) or None", "None", VERIFIER),
    # --- the audit ------------------------------------------------------------------------------
    Mutant("no look at payloads", _JUDGE, r"hashlib\.sha256\(salted\).* != payload_digest", "False",
           AUDIT),
    Mutant("no look at remarks", _JUDGE, r"not _is_remark_whole\(.*\)", "False", AUDIT),
    Mutant("no look at leaves", _JUDGE, r"hashlib.*\(b\"\\x00\".* != kept_hash", "False", AUDIT),
    Mutant("no look at entries that are gone", _JUDGE, r"\(\"entry_missing\",\)", "()", AUDIT),
    Mutant("no look at heads that are gone", _AUDIT + ".judge_heads", r"head\.number != number",
           "False", AUDIT),
    Mutant("no look at what came in later", _AUDIT + ".read_unplaced", r"xact__lt=bound",
           "xact__lt=0", AUDIT),
    Mutant("no look at roots", _AUDIT + ".judge_heads", r"found != said\.root", "False", AUDIT),
    Mutant("no look at signatures", _AUDIT + ".judge_heads", r"not _is_signed_by\(.*\)", "False",
           AUDIT),
    Mutant("no look outside", _AUDIT + ".judge_outside",
           r"found != other\.head\.root or not _is_signed_by\(.*\)", "False", AUDIT),
    # --- stored files ---------------------------------------------------------------------------
    Mutant("whatever bytes lie there", _STORED + "read",
           r" or rules\.sha256_of\(content\) != sha256", "", FILES),
    Mutant("a file that is gone", _STORED + "read", r"content is None or ",
           "content is not None and ", FILES),
    Mutant("damage that nobody notes", _STORED + "read", r"_noted\(sha256, content\)", "None", FILES),
    Mutant("damage that passes for whole", _STORED + "_noted",
           r"rules\.sha256_of\(content\) == sha256", "True", FILES),
    Mutant("damage that stays for ever", _STORED + "_noted", r"kept\.damaged_at = None", "pass", FILES),
    Mutant("a look once and never again", _STORED + "check_some",
           r" \| Q\(checked_at__lt=before\)", "", FILES),
    Mutant("a damaged file that is not replaced", _STORED + "_write",
           r"_bytes_of\(digest\) == content", "target.exists()", FILES),
    Mutant("an audit without the bytes", _KEPT + "_wrong",
           r'"" if sha256_of\(content\) == row\.sha256 else "bytes"', '""', FILES),
    Mutant("an audit that misses no file", _KEPT + "_wrong", r'return "bytes"', 'return ""', FILES),
    # --- the verifier ---------------------------------------------------------------------------
    Mutant("any payload", _VERIFY + "packets:check_packet", r"!= leaf\.get\(\"payload_sha256\"\)",
           "== ''", VERIFIER),
    Mutant("any remark", _VERIFY + "packets:_check_remark", r"\.hexdigest\(\) != digest", ".hexdigest() == ''",
           VERIFIER),
    Mutant("a remark from nowhere", _VERIFY + "packets:_check_remark",
           r"\(remark is None\) != \(digest is None\)", "False", VERIFIER),
    Mutant("any file", _VERIFY + "packets:_check_files", r"not is_named or ", "", VERIFIER),
    Mutant("any content", _VERIFY + "packets:_check_files", r" or hashlib.*\"sha256\"\]", "", VERIFIER),
    Mutant("any leaf", _VERIFY + "packets:check_packet", r"here\.hex\(\) != proof\[\"leaf_hash\"\]", "False",
           VERIFIER),
    Mutant("any tree", _VERIFY + "packets:check_packet", r"not is_included\(.*\)", "False", VERIFIER),
    Mutant("an index beyond the tree", _VERIFY + "tree:is_included", r"not 0 <= index < size or ", "",
           VERIFIER),
    Mutant("a path too short", _VERIFY + "tree:is_included", r"last == 0 and found", "found", VERIFIER),
    Mutant("an old root that nobody looks at", _VERIFY + "tree:is_consistent", r"first == old_root and ",
           "", VERIFIER),
    Mutant("a new root that nobody looks at", _VERIFY + "tree:is_consistent", r" and second == new_root",
           "", VERIFIER),
    Mutant("any signature", _VERIFY + "heads:holds", r"return False", "return True", VERIFIER),
    Mutant("a bad signature beside a good one", _VERIFY + "heads:signer_of",
           r"if not holds\(.*\):\n.*\n", "if not holds(public, head.text.encode(), signature):\n"
           "                    continue\n", VERIFIER),
    Mutant("an old head unsigned", _VERIFY + "packets:check_consistency", r"earlier is None", "False",
           VERIFIER),
    Mutant("any endorsement", _VERIFY + "heads:_check_rotation", r"not holds\(.*\)", "False", VERIFIER),
    Mutant("any rotation", _VERIFY + "heads:_check_rotation", r"if told != \(.*\):", "if False:",
           VERIFIER),
    Mutant("revoked keys as others", _VERIFY + "trust:Trust._check_trusted", r"self\.keys\[k\]\.is_revoked",
           "False", VERIFIER),
    Mutant("strangers as others", _VERIFY + "trust:Trust._check_trusted", r"if not trusted:", "if False:",
           VERIFIER),
    Mutant("no memory", _VERIFY + "trust:Trust.judge", r"other\.root != head\.root", "False", VERIFIER),
    Mutant("any form", _VERIFY + "__main__:verify", r"canonical\(said\) != text", "False", VERIFIER),
    Mutant("keys twice", _VERIFY + "canonical_json:_once", r"len\(found\) != len\(pairs\)", "False", VERIFIER),
    Mutant("sizes as they come", _VERIFY + "heads:read_head", r"0\|\[1-9\]\[0-9\]\{0,15\}", "[0-9]{1,16}",
           VERIFIER),
]  # fmt: skip


def mutated(mutant: Mutant, text: str) -> str:
    """The function's text with the fault in it. Raises where the mutant does not fit."""
    changed, count = re.subn(mutant.pattern, mutant.instead, text)
    if not count or changed == text:
        raise LookupError(f"«{mutant.name}» does not fit {mutant.where} any more: aim it anew")
    return changed


@contextmanager
def born(mutant: Mutant, sql: Sql) -> Iterator[None]:
    """The product with this fault, and then without it. `sql` is a superuser's."""
    if ":" in mutant.where:
        with _in_python(mutant):
            yield
    else:
        with _in_the_database(mutant, sql):
            yield


@contextmanager
def _in_the_database(mutant: Mutant, sql: Sql) -> Iterator[None]:
    rows = sql("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", mutant.where)
    (text,) = rows.fetchone()
    sql(mutated(mutant, text))
    try:
        yield
    finally:
        sql(text)


@contextmanager
def _in_python(mutant: Mutant) -> Iterator[None]:
    module_name, _, path = mutant.where.partition(":")
    module = importlib.import_module(module_name)
    *above, name = path.split(".")
    owner: Any = module
    for part in above:
        owner = getattr(owner, part)
    before = getattr(owner, name)
    text = mutated(mutant, textwrap.dedent(inspect.getsource(before)))
    made: dict[str, Any] = {}
    flags = __future__.annotations.compiler_flag
    exec(compile(text, f"<{mutant.name}>", "exec", flags), vars(module), made)  # noqa: S102
    # In place: whoever has the function already, by whatever name, has the fault.
    whole = before.__code__
    before.__code__ = made[name].__code__
    try:
        yield
    finally:
        before.__code__ = whole
