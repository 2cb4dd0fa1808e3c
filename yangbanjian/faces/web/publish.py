"""Writing records: an achievement from something pasted, an expert, and changes to any record."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yangbanjian.faces.web import forms
from yangbanjian.faces.web.details import panel
from yangbanjian.faces.web.libraries import NAMES, ROOMS, library_of
from yangbanjian.faces.web.record_pages import loaded
from yangbanjian.faces.web.refusing import problems_by_field, say, sign_in
from yangbanjian.faces.web.words import Words, of_refusal, sentence, translated
from yangbanjian.ground.files import actions as files
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.achievements import policy as achievement_policy
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.experts import actions as experts
from yangbanjian.libraries.experts import policy as expert_policy
from yangbanjian.libraries.records import actions, beside, policy
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.citations import Prefill, prefill
from yangbanjian.libraries.records.rules.fields import Field, completeness
from yangbanjian.libraries.records.rules.states import LIVE

LONGEST_PASTE = 100_000
LARGEST_TEXT_FILE = 1024 * 1024
WAITING = "pending_form"
MAIN = {
    "achievements": (
        "title", "value_line", "problem", "abstract", "results", "advantage", "keywords", "field",
        "trl", "rights", "modes", "price_fen",
    ),
    "demands": (
        "title", "abstract", "targets", "conditions", "deadline", "budget_fen", "field", "modes",
        "visibility",
    ),
    "experts": (
        "title", "affiliation", "job_title", "abstract", "keywords", "field", "availability",
        "works",
    ),
}  # fmt: skip
REVISE = {
    "achievements": achievements.revise,
    "demands": demands.revise,
    "experts": experts.revise,
}
ADD = {"achievements": achievements.add, "experts": experts.add}
MAY_ADD = {"achievements": achievement_policy.may_add, "experts": expert_policy.may_add}


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """「发布」: what would you like to publish?"""
    return render(
        request, "publish/start.html",
        {"page_title": _("发布"), "section": "publish", "drafts": _drafts(request)},
    )  # fmt: skip


def _drafts(request: HttpRequest) -> list[dict[str, Any]]:
    found = []
    for draft in records.drafts(request.actor)[:10]:  # type: ignore[attr-defined]
        if draft.form in ("achievements:new", "experts:new"):
            room = draft.form.partition(":")[0]
            title = str(draft.content.get("title") or "") or _("未命名")
            url = f"/publish/{records.LIBRARIES[room].kind}?draft=1"
            found.append({"title": title, "url": url, "saved_at": draft.saved_at})
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def achievement(request: HttpRequest) -> HttpResponse:
    """Step 1 takes what is pasted; a POST of it, or a kept draft, shows step 2."""
    library = library_of("achievements")
    if request.method == "POST":
        return _from_paste(request, library)
    waiting = request.session.pop(WAITING, None)
    if waiting and waiting.get("room") == library.room:
        say(request, _("登录前填的内容都还在，请继续。"), "info")
        return _form_page(request, library, waiting["values"])
    if "draft" in request.GET:
        kept = records.draft(request.actor, "achievements:new")  # type: ignore[attr-defined]
        return _form_page(request, library, kept)
    if "blank" in request.GET:
        return _form_page(request, library, {})
    return render(request, "publish/paste.html", _paste_context(request))


def _paste_context(request: HttpRequest, **more: Any) -> dict[str, Any]:
    return {
        "flow": _flow(1), "page_title": _("发布成果"), "section": "publish",
        "has_draft": bool(records.draft(request.actor, "achievements:new")),  # type: ignore[attr-defined]
        **more,
    }  # fmt: skip


def _flow(now: int) -> dict[str, Any]:
    return {"names": [_("粘贴"), _("核对"), _("发布")], "now": now}


def _from_paste(request: HttpRequest, library: Library) -> HttpResponse:
    text = request.POST.get("text", "").replace("\x00", "")
    if not text.strip() and "file" in request.FILES:
        text = _text_of_file(request)
    said = prefill(text[:LONGEST_PASTE])
    problems = [sentence(p.message, p.params) for p in said.problems]
    if not said.fields:
        context = _paste_context(request, problems=problems, text=text[:LONGEST_PASTE])
        return render(request, "publish/paste.html", context, status=422)
    values, snippets = values_of(said)
    return _form_page(request, library, values, snippets=snippets, notes=problems)


def _text_of_file(request: HttpRequest) -> str:
    """The text of a .bib, .txt or .ris file; other kinds are imported at the desk."""
    sent = request.FILES.get("file")
    if sent is None or (sent.size or 0) > LARGEST_TEXT_FILE:
        return ""
    content = sent.read(LARGEST_TEXT_FILE)
    if b"\x00" in content[:4000]:
        return ""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return str(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    return ""


def values_of(said: Prefill) -> tuple[dict[str, Any], dict[str, str]]:
    """Values of the achievement library for what was pasted, and where each was read."""
    values: dict[str, Any] = {}
    snippets: dict[str, str] = {}
    for name, guess in said.fields.items():
        target, value = _target(name, guess.value)
        if target:
            values[target] = value
            snippets[target] = guess.source_snippet[:120]
    return values, snippets


def _target(name: str, value: Any) -> tuple[str, Any]:
    if name == "completers":
        return "completers", [{"name": n} for n in value]
    if name == "ip":
        return "rights", [{"kind": n.kind, "number": n.number} for n in value]
    if name == "holder_name":
        return "holders", [{"name": value}]
    if name in ("title", "abstract"):
        return name, value
    return ("keywords", list(value)) if name == "keywords" else ("", None)


@require_http_methods(["GET", "HEAD"])
def expert(request: HttpRequest) -> HttpResponse:
    """An expert's entry has one screen."""
    library = library_of("experts")
    waiting = request.session.pop(WAITING, None)
    values = waiting["values"] if waiting and waiting.get("room") == library.room else {}
    if not values:
        values = records.draft(request.actor, "experts:new")  # type: ignore[attr-defined]
    return _form_page(request, library, values)


@require_safe
def edit(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """The same form for a record that exists."""
    library, record, actor = loaded(request, room, record_id)
    policy.may_revise(actor, library, record).or_refuse()
    values = records.content_of(library, record)
    return _form_page(request, library, values, record=record)


def _form_page(
    request: HttpRequest,
    library: Library,
    values: dict[str, Any],
    *,
    snippets: dict[str, str] | None = None,
    problems: dict[str, list[str]] | None = None,
    notes: list[str] | None = None,
    record: Any = None,
    status: int = 200,
) -> HttpResponse:
    words = Words()
    main, more = _two_parts(library)
    shown_main = forms.show(main, values, words, problems, snippets)
    shown_more = forms.show(more, values, words, problems, snippets)
    known = {f.name for f in library.fields}
    other = [s for name, said in (problems or {}).items() if name not in known for s in said]
    found = completeness(library.fields, values)
    room = library.room
    title = _("修改「%(title)s」") % {"title": record.title} if record else NAMES[room]["verb"]
    context = {
        "library": library, "room": room, "main": shown_main, "more": shown_more,
        "more_open": any(f.errors or f.snippet for f in shown_more), "record": record,
        "errors": [f for f in (*shown_main, *shown_more) if f.errors], "other_errors": other,
        "notes": notes or [], "flow": _flow(2) if room == "achievements" and not record else None,
        "complete": {
            "percent": found.percent,
            "advice": [{"text": translated(t), "url": f"#f-{n}"} for n, t in found.advice[:4]],
        },
        "action": f"/{room}/{record.pk}/save" if record else f"/publish/{library.kind}/save",
        "expected": request.POST.get("expected") or (record.version if record else ""),
        "autosave": f"{room}:{record.pk if record else 'new'}", "page_title": title,
        "section": "publish", "prefilled": bool(snippets),
    }  # fmt: skip
    return render(request, "publish/form.html", context, status=status)


def _two_parts(library: Library) -> tuple[list[Field], list[Field]]:
    names = MAIN[library.room]
    main = [library.field(name) for name in names]
    return main, [f for f in library.fields if f.name not in names]


@require_POST
def save_new(request: HttpRequest, room: str) -> HttpResponse:
    """A new record from the form; without title or abstract it stays a draft of the form."""
    library = library_of(room)
    actor = request.actor  # type: ignore[attr-defined]
    values = forms.read(library.fields, request.POST, Words())
    if actor.is_anonymous:
        request.session[WAITING] = {"room": room, "values": values}
        return sign_in(request, f"/publish/{library.kind}")
    MAY_ADD[room](actor, actor.organisation_id).or_refuse()
    if "draft" in request.POST and not _is_savable(values):
        beside.keep_draft(actor=actor, form=f"{room}:new", content=values)
        say(request, _("草稿已保存，补上名称和摘要后即可提交。"))
        return redirect(f"/publish/{library.kind}?draft=1")
    try:
        with transaction.atomic():
            made = ADD[room](actor=actor, owner_id=actor.organisation_id, values=values)
            _take_cover(request, library, made.pk)
            beside.forget_draft(actor=actor, form=f"{room}:new")
    except Invalid as refusal:
        return _refused(request, library, values, refusal)
    if "draft" in request.POST:
        say(request, _("草稿已保存。"))
        return redirect(f"/{room}/{made.pk}")
    return redirect(f"/{room}/{made.pk}/ready")


def _is_savable(values: dict[str, Any]) -> bool:
    return bool(
        str(values.get("title") or "").strip() and str(values.get("abstract") or "").strip()
    )


@require_POST
def save(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """Changes to a record; the version that was read must still be the last one."""
    library, record, actor = loaded(request, room, record_id)
    policy.may_revise(actor, library, record).or_refuse()
    values = forms.read(library.fields, request.POST, Words())
    expected = request.POST.get("expected", "")
    try:
        with transaction.atomic():
            REVISE[room](
                actor=actor, record_id=record_id, values=values,
                expected_version=int(expected[:9]) if expected.isdecimal() else None,
                note=request.POST.get("note", ""),
            )  # fmt: skip
            _take_cover(request, library, record_id)
    except Invalid as refusal:
        return _refused(request, library, values, refusal, record)
    say(request, _("已保存。"))
    next_page = "ready" if record.state == "draft" and "draft" not in request.POST else ""
    return redirect(f"/{room}/{record_id}" + (f"/{next_page}" if next_page else ""))


def _refused(
    request: HttpRequest, library: Library, values: dict[str, Any], refusal: Invalid,
    record: Any = None,
) -> HttpResponse:  # fmt: skip
    problems = problems_by_field(refusal) or {"": [of_refusal(refusal)]}
    return _form_page(request, library, values, problems=problems, record=record, status=422)


def _take_cover(request: HttpRequest, library: Library, record_id: int) -> None:
    actor = request.actor  # type: ignore[attr-defined]
    if "no_cover" in request.POST:
        actions.set_cover(actor=actor, library=library, record_id=record_id, sha256="")
    sent = request.FILES.get("cover")
    if sent is not None:
        from yangbanjian.ground.files.rules import LARGEST_IMAGE

        content = sent.read(LARGEST_IMAGE + 1)
        stored = files.store_cover(actor=actor, content=content, name=sent.name or "")
        actions.set_cover(actor=actor, library=library, record_id=record_id, sha256=stored.sha256)


@require_safe
def ready(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """Step 3: as others will see it, what would help, what may be a duplicate, and the button."""
    library, record, actor = loaded(request, room, record_id)
    policy.may_revise(actor, library, record).or_refuse()
    values = {f.name: getattr(record, f.name) for f in library.fields}
    found = completeness(library.fields, values)
    words = Words()
    context = {
        "record": panel(library, record, words, actor), "item": record, "room": room,
        "flow": _flow(3), "page_title": _("发布「%(title)s」") % {"title": record.title},
        "section": "publish",
        "complete": {
            "percent": found.percent,
            "advice": [
                {"text": translated(t), "url": f"/{room}/{record_id}/edit#f-{n}"}
                for n, t in found.advice[:5]
            ],
        },
        "duplicates": records.duplicates(library, actor, record),
        "hints": [
            (translated(f.label), hint)
            for f in library.fields if f.name in forms.HINTED
            for hint in forms.hint_sentences(str(values[f.name]), f.name)
        ],
        "can_submit": record.state == "draft",
    }  # fmt: skip
    return render(request, "publish/ready.html", context)


@require_POST
def submit(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """The last button."""
    library, record, actor = loaded(request, room, record_id)
    moved = actions.submit(actor=actor, library=library, record_id=record.pk)
    if moved.state in LIVE:
        say(request, _("已发布，现在所有人都能看到。"))
    else:
        say(request, _("已提交，运营人员审核后公开，结果会在消息里告诉您。"))
    return redirect(f"/{room}/{record_id}")


@require_POST
def hint(request: HttpRequest) -> HttpResponse:
    """Advice on one field while it is typed."""
    for name in forms.HINTED:
        if name in request.POST:
            found = forms.hint_sentences(request.POST[name], name)
            return render(request, "parts/hints.html", {"hints": found})
    return HttpResponse(status=204)


@require_POST
def keep(request: HttpRequest, room: str) -> HttpResponse:
    """Autosave of a form that has no record yet: only for who is signed in."""
    library = library_of(room)
    actor = request.actor  # type: ignore[attr-defined]
    values = forms.read(library.fields, request.POST, Words())
    draft = beside.keep_draft(actor=actor, form=f"{room}:new", content=values)
    return JsonResponse({"saved_at": draft.saved_at.isoformat()})


@require_POST
def forget(request: HttpRequest, room: str) -> HttpResponse:
    """Throw the kept draft of the form away."""
    library = library_of(room)
    beside.forget_draft(actor=request.actor, form=f"{room}:new")  # type: ignore[attr-defined]
    say(request, _("草稿已删除。"))
    return redirect(f"/publish/{library.kind}")


urls: list[URLPattern] = [
    path("publish", start, name="publish"),
    path("publish/achievement", achievement, name="publish_achievement"),
    path("publish/achievement/save", save_new, {"room": "achievements"}),
    path("publish/expert", expert, name="publish_expert"),
    path("publish/expert/save", save_new, {"room": "experts"}),
    path("publish/hints", hint, name="hints"),
    path("drafts/<str:room>", keep, name="keep_draft"),
    path("drafts/<str:room>/forget", forget, name="forget_draft"),
]
for _room in ROOMS:
    urls += [
        path(f"{_room}/<int:record_id>/edit", edit, {"room": _room}),
        path(f"{_room}/<int:record_id>/save", save, {"room": _room}),
        path(f"{_room}/<int:record_id>/ready", ready, {"room": _room}),
        path(f"{_room}/<int:record_id>/submit", submit, {"room": _room}),
    ]
