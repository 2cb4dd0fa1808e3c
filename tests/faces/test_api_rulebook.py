"""Rule tables, their editions and the counting of days over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.faces.calling import client_as, client_of, get, is_problem, patch, post
from tests.faces.matching import match_between
from yangbanjian.engines.matching import actions as matching
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db
ROWS = [{"case": "agreement_price", "days": 20, "unit": "calendar", "first_day": "counted"}]
DRAFT: dict[str, Any] = {
    "jurisdiction": "310110", "document": "区府发〔2026〕1号", "clause": "第二条",
    "effective_from": "2030-01-01", "rows": ROWS,
}  # fmt: skip


def test_a_deadline_says_how_it_was_counted() -> None:
    anybody = Client()
    told = get(anybody, "/calendar/deadline", **{"from": "2024-02-01", "days": 15}).json()
    assert told["last"] == "2024-02-15"
    assert told["text"] == "自 2 月 1 日起 15 日，至 2 月 15 日止"
    assert "国务院" in told["edition"]
    asked = {"from": "2024-02-01", "days": 15, "first_day": "next"}
    told = get(anybody, "/calendar/deadline", **asked).json()
    assert (told["last"], told["text"]) == (
        "2024-02-16",
        "自 2 月 1 日的次日起 15 日，至 2 月 16 日止",
    )
    asked = {"from": "2024-02-01", "days": 10, "unit": "working"}
    assert get(anybody, "/calendar/deadline", **asked).json()["last"] == "2024-02-19"
    asked = {"from": "2024-02-01", "days": 10, "last_on_working_day": "true"}
    assert get(anybody, "/calendar/deadline", **asked).json()["last"] == "2024-02-18"
    uncovered = get(
        anybody, "/calendar/deadline", **{"from": "2150-01-01", "days": 3, "unit": "working"}
    )
    assert is_problem(uncovered, 422, "calendar.year_not_covered")
    for wrong in (
        {"from": "2024-02-30", "days": 1},
        {"from": "2024-02-01", "days": 0},
        {"days": 1},
    ):
        assert get(anybody, "/calendar/deadline", **wrong).status_code == 422


def test_anybody_reads_what_holds() -> None:
    anybody = Client()
    listed = get(anybody, "/rules").json()
    assert {"notice_days", "reward_floors", "answer_days"} <= {t["table"] for t in listed["items"]}
    told = get(anybody, "/rules/reward_floors", jurisdiction="310110", on="2024-02-01").json()
    assert (told["asked"], told["jurisdiction"]) == ("310110", "310000")
    assert told["looked_in"] == ["310110", "310100", "310000", "CN"]
    assert told["edition"]["edition"] == "reward_floors/310000/1"
    assert told["rows"][0]["floor_percent"] == "70"
    assert told["edition"]["moves"] == []
    provisional = get(anybody, "/rules/notice_days", on="2024-02-01").json()
    assert provisional["edition"]["provisional"] is True
    assert is_problem(get(anybody, "/rules/nothing"), 404, "rulebook.no_table")
    assert is_problem(
        get(anybody, "/rules/notice_days", jurisdiction="000"), 404, "rulebook.no_jurisdiction"
    )
    assert is_problem(
        get(anybody, "/rules/notice_days", on="1950-01-01"), 404, "rulebook.none_in_force"
    )


def test_an_edition_from_draft_to_follower() -> None:
    author, second, anybody = client_as(Role.OPERATOR), client_as(Role.OPERATOR), Client()
    made = post(author, "/rules/notice_days/editions", DRAFT)
    assert made.status_code == 201, made.json()
    one = made.json()
    assert (one["state"], one["edition"], one["version"]) == ("draft", "notice_days/310110/1", 1)
    assert [m["move"] for m in one["moves"]] == ["withdraw"]
    path = f"/editions/{one['id']}"
    assert get(anybody, path).status_code == 404
    changed = patch(author, path, {"clause": "第三条"}, **{"If-Match": made.headers["ETag"]})
    assert (changed.status_code, changed.json()["clause"]) == (200, "第三条")
    stale = patch(author, path, {"clause": "第四条"}, **{"If-Match": made.headers["ETag"]})
    assert is_problem(stale, 412, "api.stale")
    own = post(author, f"{path}/moves/publish", {})
    assert is_problem(own, 403, "rulebook.second_person")
    done = post(second, f"{path}/moves/publish", {"reason": "已核对"})
    assert (done.status_code, done.json()["state"]) == (200, "published")
    held = get(anybody, "/rules/notice_days", jurisdiction="310110", on="2030-02-01").json()
    assert held["edition"]["id"] == one["id"]
    assert held["edition"]["author_id"] is None
    assert is_problem(patch(author, path, {"clause": "第五条"}), 409, "rulebook.stands")
    later = post(author, "/rules/notice_days/editions", {**DRAFT, "effective_from": "2031-01-01"})
    post(second, f"/editions/{later.json()['id']}/moves/publish", {})
    ended = get(anybody, path).json()
    assert (ended["state"], ended["effective_until"]) == ("superseded", "2031-01-01")
    listed = get(anybody, "/rules/notice_days/editions", jurisdiction="310110").json()
    assert [e["number"] for e in listed["items"]] == [2, 1]
    assert post(author, f"{path}/moves/burn", {}).status_code == 404


def test_what_cannot_be_used_is_named_by_its_place() -> None:
    author = client_as(Role.OPERATOR)
    sent = {**DRAFT, "document": "", "rows": [{**ROWS[0], "days": 0, "colour": "red"}]}
    refused = post(author, "/rules/notice_days/editions", sent)
    assert is_problem(refused, 422, "rulebook.invalid")
    fields = {e["field"] for e in refused.json()["errors"]}
    assert {"document", "rows.1.days", "rows.1.colour"} <= fields
    refused = post(
        author, "/rules/notice_days/editions", {**DRAFT, "effective_until": "2029-01-01"}
    )
    assert [e["field"] for e in refused.json()["errors"]] == ["effective_until"]


def test_movers() -> None:
    operator, seeker = client_as(Role.OPERATOR), make.person(Role.ENTERPRISE)
    provider = make.actor(Role.TTO)
    match = match_between(make.people.actor_of(seeker), provider)
    matching.move(actor=make.people.actor_of(seeker), match_id=match.pk, name="interested")
    sent = {"document": "本站自定", "effective_from": "2020-01-01",
            "rows": [{"step": "introduction", "days": 10}]}  # fmt: skip
    draft = post(operator, "/rules/answer_days/editions", sent).json()
    assert draft["jurisdiction"] == "site"
    told = get(operator, f"/editions/{draft['id']}/movers").json()
    assert (told["tried"], told["count"], told["partial"]) == (1, 1, False)
    assert told["items"][0]["url"] == f"/matches/{match.pk}"
    assert told["items"][0]["before"] > told["items"][0]["after"]
    assert get(client_as(Role.AUDITOR), f"/editions/{draft['id']}/movers").status_code == 200
    assert get(client_as(Role.TTO), f"/editions/{draft['id']}/movers").status_code == 403
    shown = get(client_of(seeker), f"/matches/{match.pk}").json()
    assert shown["edition"] == "answer_days/site/1"
