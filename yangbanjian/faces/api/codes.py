"""Code tables, in the caller's language."""

# No postponed annotations here: ninja evaluates them.
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Query, Router, Schema

from yangbanjian.faces.api.schemas import REFUSED, Paging
from yangbanjian.faces.api.wire import page
from yangbanjian.ground.codes import queries
from yangbanjian.ground.codes.rules import Code
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop

router = Router(tags=["codes"])
MOST_FOUND = 1000


class TableOut(Schema):
    table: str
    count: int


class Tables(Schema):
    items: list[TableOut]
    count: int
    page: int


class CodeOut(Schema):
    """One code; `parent` is "" at the top, `level` counts from 1."""

    code: str
    label: str
    parent: str
    level: int
    note: str
    edition: str
    source: str


class Codes(Schema):
    table: str
    items: list[CodeOut]
    count: int
    page: int


class CodeQuery(Paging):
    """`q` searches codes and labels of all languages; `parent` gives what is right below a code
    ("" the top level)."""

    q: str = ""
    parent: str | None = None


def _shown(code: Code) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    return {
        "code": code.code,
        "label": code.label(language),
        "parent": code.parent,
        "level": code.level,
        "note": code.note(language),
        "edition": code.edition,
        "source": code.source,
    }


@router.get("/codes", response={200: Tables, **REFUSED}, operation_id="codes_tables")
def tables(request: HttpRequest, query: Query[Paging]) -> Any:
    """The names of all code tables."""
    names = sorted(queries.known_tables())
    return page(
        names, query.page, query.size, lambda n: {"table": n, "count": len(queries.table(n))}
    )


@router.get("/codes/{table}", response={200: Codes, **REFUSED}, operation_id="codes_list")
def codes(request: HttpRequest, table: str, query: Query[CodeQuery]) -> Any:
    """The codes of one table in its own order."""
    if table not in queries.known_tables():
        sentence = gettext_noop("没有「%(table)s」这张代码表，GET /codes 列出所有表。")
        raise NotFound("codes.no_table", sentence, table=table[:40])
    found = queries.table(table)
    rows = list(found) if query.parent is None else list(found.children(query.parent))
    if query.q.strip():
        kept = {code.code for code in rows}
        hits = found.search(query.q[:60], limit=MOST_FOUND)
        rows = [code for code in hits if code.code in kept]
    return {"table": table, **page(rows, query.page, query.size, _shown)}
