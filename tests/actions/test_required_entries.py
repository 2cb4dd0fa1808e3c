"""E2: a state is reached when the entries that the rulebook asks for are there, and not before."""

from __future__ import annotations

import pytest

from tests import make
from tests.faces.matching import match_between
from yangbanjian.engines.matching import actions
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.log.requirements import Subject, missing, require_entries
from yangbanjian.ground.log.rules import required
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.refusals import Conflict

pytestmark = pytest.mark.django_db
INTERESTED = "matches.interested"


def test_e2_the_next_step_waits_for_the_entry_that_it_rests_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seeker, provider = make.actor(Role.ENTERPRISE), make.actor(Role.TTO)
    match = match_between(seeker, provider)
    about = Subject("match", match.pk)
    assert missing(about, process="introduction", state="agreed") == [INTERESTED]
    # A slip in the action: the state is there, the entry that tells of it is not.
    with monkeypatch.context() as forgetful:
        forgetful.setattr(journal, "record", lambda **_: 0)
        actions.move(actor=seeker, match_id=match.pk, name="interested")
    before = Entry.objects.count()
    with pytest.raises(Conflict) as refused:
        actions.move(actor=provider, match_id=match.pk, name="agree")
    assert refused.value.code == "log.entries_missing"
    assert refused.value.params == {"count": 1, "entries": INTERESTED}
    match.refresh_from_db()
    assert (match.state, Entry.objects.count()) == ("interested", before)


def test_e2_by_the_actions_nothing_is_ever_missing() -> None:
    seeker, provider = make.actor(Role.ENTERPRISE), make.actor(Role.TTO)
    match = match_between(seeker, provider)
    actions.move(actor=seeker, match_id=match.pk, name="interested")
    assert missing(Subject("match", match.pk), process="introduction", state="agreed") == []
    assert actions.move(actor=provider, match_id=match.pk, name="agree").state == "agreed"


def test_e2_an_edition_says_what_is_asked_for() -> None:
    about = Subject("match", 1)
    shipped = rulebook.rule("required_entries")
    assert shipped.label == "required_entries/site/1"
    none = Edition(rows=[])
    require_entries(about, process="introduction", state="agreed", edition=none)
    with pytest.raises(Conflict):
        require_entries(about, process="introduction", state="agreed", edition=shipped)
    require_entries(about, process="introduction", state="lapsed", edition=shipped)


def test_what_is_missing_is_told_in_the_editions_order() -> None:
    rows = [{"process": "p", "state": "s", "entry": e} for e in ("b", "a", "c")]
    rows.append({"process": "p", "state": "other", "entry": "d"})
    assert required.missing(rows, "p", "s", {"a"}) == ["b", "c"]
    assert required.missing(rows, "p", "other", ()) == ["d"]
    assert required.missing(rows, "q", "s", ()) == []
