"""Each component once with example records: for eyes and for the accessibility test. Sandbox only.

All persons, organisations and figures are invented.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

PAGES = ("home", "desk", "record", "demand", "card")
NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
EXAMPLES = Path(__file__).with_name("gallery_examples.json")


class ExampleForm(forms.Form):
    """One field of each kind, two of them wrong."""

    title = forms.CharField(label="名称", max_length=60, help_text="写清对象与办法，不写形容词")
    problem = forms.CharField(
        label="解决什么问题", max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    field = forms.ChoiceField(label="技术领域", choices=[("green", "绿色低碳"), ("ai", "人工智能")])
    price = forms.IntegerField(label="参考价格（万元）", required=False, help_text="不填即为面议")
    visibility = forms.ChoiceField(
        label="公开方式",
        widget=forms.RadioSelect,
        choices=[("system", "只给系统和区内经纪人看"), ("anonymous", "匿名公开到需求大厅")],
    )
    modes = forms.MultipleChoiceField(
        label="合作方式",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("licence", "许可"), ("transfer", "转让"), ("invest", "作价入股")],
    )
    agreed = forms.BooleanField(label="以上内容属实，单位已同意公开")
    proof = forms.FileField(label="检测报告", required=False, help_text="PDF 或图片，20 MB 以内")


def _with_times(record: dict[str, Any]) -> dict[str, Any]:
    """Times stand in the file as ISO 8601 with an offset."""
    return {
        name: _time(value) if isinstance(value, str) else value for name, value in record.items()
    }


def _time(text: str) -> str | datetime:
    if text.endswith("+00:00"):
        return datetime.fromisoformat(text)
    return text


@cache
def _records() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(EXAMPLES.read_text("utf-8"), object_hook=_with_times)
    return loaded


def example_context() -> dict[str, Any]:
    """What the gallery shows; tests of single components use it too."""
    form = ExampleForm({"title": "冷库余热回收", "problem": "除霜靠电热，耗电。", "field": "green"})
    return {
        **_records(),
        "now": NOW,
        "page_title": "组件一览",
        "section": "achievements",
        "form": form,
    }


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """All components on one page, or a whole page by `?page=`: home, desk, record, demand, card."""
    name = request.GET.get("page", "")
    template = f"gallery/{name}.html" if name in PAGES else "gallery.html"
    return render(request, template, example_context())
