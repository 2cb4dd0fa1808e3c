"""A record from its releases, by the rules of merging of OCDS 1.1.5: the sum, and the history.

Of two releases the later one counts, field by field. Lists of things with an id are merged thing by
thing; every other list is taken whole, and so are the fields that the standard names. A null takes a
field out. What belongs to a single release (its id, date and tag) stays out of the sum. In the history
each field has all its values, each with the release that gave it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]
OMITTED = frozenset({("id",), ("date",), ("tag",)})
# Lists of objects that the standard or a named extension takes whole, wherever they stand (the last name of the path).
WHOLE = frozenset(
    {"additionalIdentifiers", "additionalClassifications", "changes", "participationFees"}
)


def _in_order(releases: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    listed = sorted(releases, key=lambda one: str(one["date"]))
    if not listed:
        raise ValueError("a record is made of at least one release")
    return listed


def compiled(releases: Iterable[Mapping[str, Any]]) -> Json:
    """The compiled release of one process; releases of one date keep the order they come in.
    Raises ValueError where there is none."""
    listed = _in_order(releases)
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


def versioned(releases: Iterable[Mapping[str, Any]]) -> Json:
    """The versioned release of one process: instead of each value a list of what it has been,
    {releaseID, releaseDate, releaseTag, value}; an ocid and the ids of things in lists have no
    history. Raises ValueError where there is no release."""
    listed = _in_order(releases)
    told: Json = {"ocid": listed[-1]["ocid"]}
    for one in listed:
        by = {"releaseID": one["id"], "releaseDate": one["date"], "releaseTag": one["tag"]}
        _remember(told, {k: v for k, v in one.items() if k != "ocid"}, (), by)
    return told


def _remember(into: Json, one: Mapping[str, Any], path: tuple[str, ...], by: Json) -> None:
    for name, said in one.items():
        where = (*path, name)
        if where in OMITTED:
            continue
        if isinstance(said, Mapping):
            if said:
                _remember(into.setdefault(name, {}), said, where, by)
        elif isinstance(said, list) and _is_by_id(name, said):
            if said:
                _remember_by_id(into.setdefault(name, []), said, where, by)
        else:
            values = into.setdefault(name, [])
            if not values or values[-1]["value"] != said:
                values.append({**by, "value": said})


def _remember_by_id(
    into: list[Json], said: list[Mapping[str, Any]], path: tuple[str, ...], by: Json
) -> None:
    known = {one["id"]: one for one in into}
    for one in said:
        if one["id"] not in known:
            known[one["id"]] = {"id": one["id"]}
            into.append(known[one["id"]])
        rest = {k: v for k, v in one.items() if k != "id"}
        _remember(known[one["id"]], rest, path, by)
