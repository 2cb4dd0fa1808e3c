"""The home page: a sentence in, what can solve it out, with reasons."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from yangbanjian.engines.matching import actions as matching
from yangbanjian.engines.matching import queries as asking
from yangbanjian.faces.telling import amount
from yangbanjian.faces.web import limits
from yangbanjian.faces.web.cards import card, cards
from yangbanjian.faces.web.details import price_text
from yangbanjian.faces.web.matching_cards import asked_card, whys
from yangbanjian.faces.web.refusing import is_fragment, say, sign_in
from yangbanjian.faces.web.sentences import card_of, rewritten, typed
from yangbanjian.faces.web.words import Words
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.rules.filters import Filters
from yangbanjian.market.trading import queries as trading

SHOWN = 10
LATEST = 6
# Below this a hit shares a few words, no more: shown folded, so that nobody takes it for an answer.
STRONG = 25
MOST_COMPARED = 4
PENDING = "pending_meeting"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """`/` and `/?q=…`; corrections of chips come back as `/` with the sentence rewritten."""
    text = typed(request.GET.get("q", ""))
    others = {k: str(v) for k, v in request.GET.items() if k != "q"}
    if text and others:
        better = rewritten(text, others)
        if better != text:
            return redirect("/?" + urlencode({"q": better}))
    if not text:
        return render(request, "home.html", _front(request))
    context = answered(request, text)
    name = "parts/answer.html" if is_fragment(request) else "answer.html"
    return render(request, name, context)


EXAMPLES = (
    gettext_noop("注塑件表面缺陷自动检测"),
    gettext_noop("冷库电费太高，想降三成"),
    gettext_noop("印刷车间废气怎么处理"),
)


def examples() -> list[dict[str, str]]:
    """Sentences to try: shown in the reader's language, asked in that of the records."""
    return [{"text": _(one), "q": one} for one in EXAMPLES]


def _front(request: HttpRequest) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    words = Words()
    latest = {}
    for room, library in records.LIBRARIES.items():
        rows = list(records.listed(library, actor, Filters())[:LATEST])
        latest[room] = cards(library, rows, words, actor)
    counted = records.counters()
    return {
        "examples": examples(),
        "stats": [*_stats(counted), *_sold()],
        "stale": max((share for _n, share in counted.values()), default=0),
        "stale_shares": {room: share for room, (_n, share) in counted.items()},
        "latest": latest,
        "page_title": _("说一句难题，马上看到能解决的技术"),
    }


def _stats(counted: dict[str, tuple[int, int]]) -> list[dict[str, str]]:
    names = {"achievements": _("在库成果"), "demands": _("企业需求"), "experts": _("在库专家")}
    return [
        {"value": f"{counted[room][0]:,}", "text": text}
        for room, text in names.items()
        if room in counted
    ]


def _sold() -> list[dict[str, str]]:
    """What the floor's deals come to, once there is one; in a sandbox it says what it is."""
    told = trading.totals()
    if not told.deals:
        return []
    text = _("成交额（演示数据）") if clock.is_sandbox() else _("成交额")
    return [{"value": amount(told.price_fen), "text": text}]


def answered(request: HttpRequest, text: str) -> dict[str, Any]:
    """What the answer to a sentence shows, on the home page and beside the demand form."""
    actor = request.actor  # type: ignore[attr-defined]
    words = Words()
    answer = asking.ask(actor=actor, text=text, limit=SHOWN)
    found = [asked_card(item, text, words) for item in answer.items]
    strong = [c for c in found if c["score"] >= STRONG]
    achievements = [c for c in strong if c["kind"] == "achievement"]
    return {
        "q": text,
        "understanding": card_of(answer.said, words),
        "matches": strong,
        "weak": [c for c in found if c["score"] < STRONG],
        "achievement_count": len(achievements),
        "expert_count": len(strong) - len(achievements),
        "nothing_here": not strong,
        "compared": answer.compared,
        "took_s": f"{answer.took_ms / 1000:.1f}",
        "compare_url": _compare_url(text, [i for i in answer.items if i.percent >= STRONG]),
        "publish_url": "/publish/demand?" + urlencode({"text": text}),
        "page_title": text[:40],
        "section": "",
    }


def _compare_url(text: str, items: list[asking.Item]) -> str:
    ids = [str(i.record.pk) for i in items if i.kind == "achievement"][:3]
    return "/compare?" + urlencode({"ids": ",".join(ids), "q": text}) if len(ids) > 1 else ""


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Two to four achievements side by side."""
    actor = request.actor  # type: ignore[attr-defined]
    library = records.LIBRARIES["achievements"]
    ids = [int(i) for i in request.GET.get("ids", "").split(",") if i.isdigit() and len(i) < 18]
    rows = {r.pk: r for r in records.visible(library, actor).filter(pk__in=ids[:MOST_COMPARED])}
    listed = [rows[i] for i in dict.fromkeys(ids) if i in rows]
    if not listed:
        raise NotFound("achievements.not_found", _("没有找到要对比的成果。"))
    words = Words()
    return render(
        request,
        "compare.html",
        {
            "records": listed,
            "rows": _comparison(listed, words),
            "q": typed(request.GET.get("q", "")),
            "page_title": _("对比成果"),
            "section": "achievements",
        },
    )


def _comparison(listed: list[Any], words: Words) -> list[tuple[str, list[str]]]:
    from yangbanjian.faces.web.cards import metrics_of

    def each(text_of: Any) -> list[str]:
        return [text_of(r) or "—" for r in listed]

    return [
        (_("解决什么"), each(lambda r: r.value_line or r.abstract[:80])),
        (_("实测结果"), each(lambda r: _("；").join(m["text"] for m in metrics_of(r.results, 4)))),
        (_("比现有办法"), each(lambda r: r.advantage[:120])),
        (
            _("成熟度"),
            each(lambda r: words.label("trl", str(r.trl)) if r.trl else ""),
        ),
        (_("合作方式"), each(lambda r: _("、").join(words.labels("deal_modes", r.modes)))),
        (_("参考价格"), each(price_text)),
        (_("知识产权"), each(lambda r: str(len(r.rights)) if r.rights else "")),
        (_("持有单位"), each(lambda r: r.owner.name)),
    ]


@require_POST
def meet(request: HttpRequest) -> HttpResponse:
    """「约谈」: one tap. Who is not signed in signs in first; the sentence waits in the session."""
    wanted = {
        "q": typed(request.POST.get("q", "")),
        "kind": request.POST.get("kind", ""),
        "id": request.POST.get("id", ""),
    }
    if request.actor.is_anonymous:  # type: ignore[attr-defined]
        request.session[PENDING] = wanted
        return sign_in(request, "/ask/meet/resume")
    return _meet(request, wanted)


@require_GET
def resume(request: HttpRequest) -> HttpResponse:
    """Back from signing in: the tap is shown once more, since a link must not act by itself."""
    wanted = request.session.get(PENDING)
    if not wanted:
        return redirect("/desk/matches")
    if request.actor.is_anonymous:  # type: ignore[attr-defined]
        return sign_in(request, "/ask/meet/resume")
    actor = request.actor  # type: ignore[attr-defined]
    library, record = _wanted_record(actor, wanted)
    return render(
        request,
        "meet.html",
        {
            "wanted": wanted,
            "item": card(library, record, Words(), actor),
            "page_title": _("约谈"),
        },
    )


def _wanted_record(actor: Any, wanted: dict[str, str]) -> tuple[Any, Any]:
    if wanted["kind"] not in asking.SUPPLY or not str(wanted["id"]).isdigit():
        raise NotFound("matches.not_found", _("没有找到要约谈的条目。"))
    library = records.library_of_kind(wanted["kind"])
    return library, records.get(library, actor, int(wanted["id"]))


def _meet(request: HttpRequest, wanted: dict[str, str]) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    _library, record = _wanted_record(actor, wanted)
    text = wanted["q"] or _("想了解：%(title)s") % {"title": record.title}
    match = matching.approach(
        actor=actor, text=text, kind=wanted["kind"], record_id=record.pk,
        note=request.POST.get("note", "")[:500],
    )  # fmt: skip
    request.session.pop(PENDING, None)
    say(request, _("已告诉对方您有意向。这句话已存为只给经纪人看的需求，可以再补充。"))
    return redirect(f"/matches/{match.pk}")


@require_POST
def feedback(request: HttpRequest, kind: str, record_id: int) -> HttpResponse:
    """准 / 不准 on an answer that nobody has kept."""
    limits.not_too_often(request, "feedback", 60)
    actor = request.actor  # type: ignore[attr-defined]
    why = request.POST.get("why", "")
    verdict = "bad" if why else request.POST.get("verdict", "")
    matching.judge_answer(actor=actor, kind=kind, record_id=record_id, verdict=verdict, why=why)
    record = records.get(records.library_of_kind(kind), actor, record_id)
    if is_fragment(request):
        said = {
            "url": request.path, "given": verdict, "title": record.title, "whys": whys(),
        }  # fmt: skip
        return render(request, "components/feedback.html", {"feedback": said})
    say(request, _("已记下，谢谢。"))
    return redirect(f"/{records.library_of_kind(kind).room}/{record_id}")


urls: list[URLPattern] = [
    path("", home, name="home"),
    path("compare", compare, name="compare"),
    path("ask/meet", meet, name="ask_meet"),
    path("ask/meet/resume", resume, name="ask_meet_resume"),
    path("ask/feedback/<str:kind>/<int:record_id>", feedback, name="ask_feedback"),
]
