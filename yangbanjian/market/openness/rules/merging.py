"""A record from its releases, by the rules of merging of OCDS 1.1.5.

Of two releases the later one counts, field by field. Lists of things with an id are merged thing by
thing; every other list is taken whole, and so are the fields that the standard names. A null takes a
field out. What belongs to a single release (its id, date and tag) stays out of the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]
OMITTED = frozenset({("id",), ("date",), ("tag",)})
# Lists of objects that the standard takes whole, wherever they stand (the last name of the path).
WHOLE = frozenset({"additionalIdentifiers", "additionalClassifications", "changes"})


def compiled(releases: Iterable[Mapping[str, Any]]) -> Json:
    """The compiled release of one process; releases of one date keep the order they come in.
    Raises ValueError where there is none."""
    listed = sorted(releases, key=lambda one: str(one["date"]))
    if not listed:
        raise ValueError("a record is made of at least one release")
    merged: Json = {}
    for one in listed:
        _merge(merged, one, ())
    last = listed[-1]
    head = {"tag": ["compiled"], "id": f"{last['ocid']}-{last['date']}", "date": last["date"]}
    return {**head, **merged}


def _merge(into: Json, one: Mapping[str, Any], path: tuple[str, ...]) -> None:
    for name, said in one.items():
        where = (*path, name)
        if where in OMITTED:
            continue
        if said is None:
            into.pop(name, None)
        elif isinstance(said, Mapping):
            if said:
                _merge(into.setdefault(name, {}), said, where)
        elif isinstance(said, list) and _is_by_id(name, said):
            if said:
                _merge_by_id(into.setdefault(name, []), said, where)
        else:
            into[name] = said


def _is_by_id(name: str, said: list[Any]) -> bool:
    return name not in WHOLE and all(isinstance(x, Mapping) and "id" in x for x in said)


def _merge_by_id(into: list[Json], said: list[Mapping[str, Any]], path: tuple[str, ...]) -> None:
    known = {one["id"]: one for one in into}
    for one in said:
        if one["id"] not in known:
            known[one["id"]] = {}
            into.append(known[one["id"]])
        _merge(known[one["id"]], one, path)
