"""The diligence room of a listing as a page: for buyers what is open to them and what opens the
rest, for the seller and the exchange the papers and who has taken them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from yangbanjian.faces.api.papers import given_out
from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.files.rules import LARGEST_ATTACHMENT
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import papers as rules

HIGHEST_ID = 2**63 - 1
MOST_TOLD = 100


class PutForm(forms.Form):
    """A paper: new, or in the place of another."""

    use_required_attribute = False
    file = forms.FileField(label=gettext_lazy("文件"), help_text=gettext_lazy("最大 20 MB。"))
    name = forms.CharField(label=gettext_lazy("材料名称"), max_length=rules.LONGEST_NAME)
    tier = forms.ChoiceField(
        label=gettext_lazy("对谁开放"),
        choices=lambda: [(code, translated(label)) for code, label in rules.TIERS.items()],
    )
    slot = forms.TypedChoiceField(
        label=gettext_lazy("替换哪份"), required=False, coerce=int, empty_value=None
    )
    reason = forms.CharField(
        label=gettext_lazy("为什么增换"), max_length=300, required=False,
        help_text=gettext_lazy("挂牌公开后要写。交易机构变更挂牌后才开放，披露期重新计算。"),
    )  # fmt: skip

    def __init__(self, *args: Any, slots: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["slot"]
        field.choices = [("", _("不替换，新放一份")), *slots]


class UndertakeForm(forms.Form):
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)


class PaperForm(forms.Form):
    paper = forms.IntegerField(widget=forms.HiddenInput, max_value=HIGHEST_ID)


@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, listing_id: int) -> HttpResponse:
    """/listings/N/papers: the diligence room."""
    actor = actor_of(request)
    number = min(listing_id, HIGHEST_ID)
    one = queries.listing(actor, number)
    acts = _acts(actor, one, queries.papers(actor, one))
    answer = answer_acts(request, "floor/papers.html", acts, lambda: _shown(actor, number))
    answer["Cache-Control"] = "private, no-store"
    return answer


def _acts(actor: Actor, one: Any, papers: list[Any]) -> dict[str, Act]:
    def put(values: dict[str, Any]) -> str:
        sent = values.pop("file")
        policy.may_prepare(actor, one.owner_id).or_refuse()
        stored = files.attach(
            actor=actor, content=sent.read(LARGEST_ATTACHMENT + 1), name=sent.name or ""
        )
        made = actions.put_paper(actor=actor, listing_id=one.pk, file_id=stored.pk, **values)
        if one.published_at is not None:
            return _("已放入，交易机构变更挂牌后开放。")
        return _("已放入：%(name)s。") % {"name": made.name}

    def undertake(values: dict[str, Any]) -> str:
        actions.undertake(actor=actor, listing_id=one.pk, sha256=values["sha256"])
        return _("已记下您的承诺，须保密的材料已对您开放。")

    def take_back(values: dict[str, Any]) -> str:
        actions.take_back_paper(actor=actor, paper_id=values["paper"])
        return _("已撤下，没有人看到过它。")

    latest = {p.slot: p for p in reversed(papers)}
    slots = [(p.slot, p.name) for _slot, p in sorted(latest.items())]
    return {
        "put": Act(PutForm, put, options={"slots": slots}),
        "undertake": Act(UndertakeForm, undertake),
        "take_back": Act(PaperForm, take_back),
    }


def _shown(actor: Actor, number: int) -> dict[str, Any]:
    one = queries.listing(actor, number)
    papers, terms = queries.papers(actor, one), queries.undertaking_terms()
    standing = queries.standing_in(actor, one)
    may_undertake = policy.may_undertake(actor, standing).allowed
    may_log = policy.may_see_readings(actor, one).allowed
    closed = queries.closed(actor, one)
    given = queries.undertaking_of(actor, one)
    is_closed_out = standing.registration not in rules.STILL_IN
    return {
        "one": one, "page_title": _("尽调资料室：%(title)s") % {"title": one.title},
        "section": "floor", "now": clock.now(), "papers": _papers(one, papers),
        "closed": [(translated(rules.TIERS[t]), n) for t, n in closed.items()],
        "terms": terms, "given": given, "may_undertake": may_undertake and given is None,
        "must_sign_up": bool(closed) and is_closed_out,
        "must_qualify": bool(closed) and given is not None and not is_closed_out,
        "may_put": policy.may_prepare(actor, one.owner_id).allowed and one.state in rules.MAY_PUT,
        "may_take_back": policy.may_see_inside(actor, one.owner_id),
        "is_public": one.published_at is not None, "waiting": _waiting(actor, one),
        "may_log": may_log, "knows": policy.knows_readers(actor, one),
        "readings": queries.readings(actor, one)[:MOST_TOLD] if may_log else [],
    }  # fmt: skip


def _waiting(actor: Actor, one: Any) -> int:
    return queries.waiting_papers(one) if policy.may_see_inside(actor, one.owner_id) else 0


def _papers(one: Any, papers: list[Any]) -> list[dict[str, Any]]:
    """Each paper with where it stands; the replaced ones of a slot behind the one that holds."""
    is_public = one.published_at is not None
    holds: dict[int, int] = {}
    for p in papers:
        if not p.withdrawn_at and rules.is_shown(p.since, one.version, is_public=True):
            holds.setdefault(p.slot, p.version)
    return [
        {
            "one": p, "tier": translated(rules.TIERS[p.tier]), "is_old": p.version < holds.get(p.slot, 0),
            "is_waiting": not p.withdrawn_at and is_public and p.since > one.version,
            "may_take_back": not p.withdrawn_at and not (is_public and p.since <= one.version),
        }
        for p in papers
    ]  # fmt: skip


@require_GET
def paper(request: HttpRequest, paper_id: int) -> HttpResponse:
    """/papers/N: a paper to save; that it was taken is written down."""
    return given_out(actor_of(request), min(paper_id, HIGHEST_ID))


urls: list[URLPattern] = [
    path("listings/<int:listing_id>/papers", room),
    path("papers/<int:paper_id>", paper),
]
