"""Template tags of the pages, and every component drawn once with the gallery's example records."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from yangbanjian.faces.web.gallery import example_context, gallery
from yangbanjian.faces.web.pages import Gap, page_numbers
from yangbanjian.faces.web.shell import look, offline, set_look
from yangbanjian.faces.web.templatetags import ui

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


def _drawn(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("text", "spans", "drawn"),
    [
        ("降 31% 电耗", [[2, 5]], "降 <mark>31%</mark> 电耗"),
        ("a<b>c", [[1, 4]], "a<mark>&lt;b&gt;</mark>c"),
        ("𠮷野家降25%", [[3, 7]], "𠮷野家<mark>降25%</mark>"),
        ("abc", [[-5, 1], [2, 99]], "<mark>a</mark>b<mark>c</mark>"),
        ("abcdef", [[0, 3], [2, 4]], "<mark>abc</mark><mark>d</mark>ef"),
        ("abc", [[5, 9], [2, 2]], "abc"),
        ("<script>", None, "&lt;script&gt;"),
    ],
)
def test_highlight_marks_code_points_and_escapes(
    text: str, spans: list[list[int]] | None, drawn: str
) -> None:
    assert ui.highlight(text, spans) == drawn


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=20), "刚刚"),
        (timedelta(minutes=18), "18 分钟前"),
        (timedelta(hours=5), "5 小时前"),
        (timedelta(days=7), "7 天前"),
        (timedelta(days=8), "2026-11-12"),
        (-timedelta(days=4), "4 天后"),
    ],
)
def test_relative_time_keeps_the_full_time_in_the_title(ago: timedelta, text: str) -> None:
    drawn = _drawn("{% relative_time at %}", at=NOW - ago, now=NOW)
    assert f">{text}</time>" in drawn
    assert 'title="20' in drawn


def test_icons_are_silent_unless_named() -> None:
    assert 'aria-hidden="true"' in ui.icon("search")
    assert 'aria-label="移除&quot;"' in ui.icon("x", '移除"')


def test_data_never_becomes_a_class_name() -> None:
    assert ui.tone_class("ok") == "tag-ok"
    assert ui.tone_class('ok" onclick="x') == ""


def test_amounts_without_a_figure_are_open_to_talk() -> None:
    assert ui.money(None) == "面议"
    assert ui.money_from(80_000_000) == "80 万起"
    assert ui.money_full(None) == "—"


@pytest.mark.parametrize(
    ("page", "pages", "shown"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (4, 9, [1, 2, 3, 4, 5, Gap(), 9]),
        (5, 9, [1, Gap(), 4, 5, 6, Gap(), 9]),
        (3, 9, [1, 2, 3, 4, Gap(), 9]),
    ],
)
def test_page_numbers_leave_gaps_only_for_two_or_more(
    page: int, pages: int, shown: list[int | Gap]
) -> None:
    assert page_numbers(page, pages) == shown


def test_pager_keeps_the_other_parameters() -> None:
    request = RequestFactory().get("/achievements?q=a%26b&field=x&field=y&page=2")
    drawn = _drawn("{% pager count=100 page=2 size=20 %}", request=request)
    assert "?q=a%26b&amp;field=x&amp;field=y&amp;page=3" in drawn
    assert 'rel="prev" href="?q=a%26b&amp;field=x&amp;field=y"' in drawn


def test_look_takes_known_values_only() -> None:
    request = RequestFactory().get("/")
    request.COOKIES = {"look_size": "xl", "look_contrast": '"><script>'}
    assert look(request)["look"] == {"size": "xl", "contrast": "", "theme": ""}


@pytest.mark.parametrize(
    ("target", "sent"),
    [("/demands?q=1", "/demands?q=1"), ("https://example.com/", "/"), ("//x", "/")],
)
def test_set_look_returns_to_this_site_only(target: str, sent: str) -> None:
    answer = set_look(RequestFactory().post("/look", {"size": "xl", "next": target}))
    assert answer["Location"] == sent
    assert answer.cookies["look_size"].value == "xl"


@pytest.mark.parametrize("page", ["", "home", "demand", "record", "desk", "card"])
def test_gallery_draws_every_component(page: str) -> None:
    answer = gallery(RequestFactory().get("/gallery", {"page": page}))
    html = answer.content.decode()
    assert html.count("<main") == 1
    assert html.count("<h1") == 1
    assert "style=" not in html


def test_example_spans_point_into_their_texts() -> None:
    for match in example_context()["matches"]:
        for reason in match["reasons"]:
            for start, end in reason["spans"]:
                assert 0 <= start < end <= len(reason["text"])


def test_offline_page_holds_nothing_of_the_visitor() -> None:
    request = RequestFactory().get("/offline")
    html = offline(request).content.decode()
    assert "csrf" not in html
    assert "/logout" not in html
    assert "/login" not in html
