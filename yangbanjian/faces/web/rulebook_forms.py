"""The form of a draft: one form with a group of fields for each row, and a few empty rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from yangbanjian.faces.web.forms_on_pages import said
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.rulebook.rules.rows import MOST_ROWS
from yangbanjian.ground.rulebook.rules.shapes import Column, Shape
from yangbanjian.kernel.refusals import Invalid

SPARE = 3


class DraftForm(forms.Form):
    """What an edition says of itself; fields `N-column` of its rows are added for its table."""

    use_required_attribute = False
    document = forms.CharField(
        label=gettext_lazy("依据的文件和文号"), max_length=200,
        help_text=gettext_lazy("本站自定的写“本站自定”"),
    )  # fmt: skip
    clause = forms.CharField(label=gettext_lazy("条款"), max_length=100, required=False)
    unit = forms.CharField(label=gettext_lazy("计量单位"), max_length=40, required=False)
    source = forms.CharField(
        label=gettext_lazy("来源"), max_length=200, required=False,
        help_text=gettext_lazy("怎样得到的，如“原文已读”或“转载，待核”"),
    )  # fmt: skip
    begins = forms.DateField(
        label=gettext_lazy("施行日期"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    ends = forms.DateField(
        label=gettext_lazy("截止日"), required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("从这一天起不再有效；没有定就不填"),
    )  # fmt: skip
    is_provisional = forms.BooleanField(
        label=gettext_lazy("暂定"), required=False,
        help_text=gettext_lazy("还没有核对原文；页面会注明"),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("说明"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(
        self, of: Shape, rows: Sequence[Mapping[str, Any]] = (), sent: QueryDict | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.of = of
        start = dict(initial or {})
        for number, row in enumerate(rows):
            for column in of.all_columns:
                start[f"{number}-{column.name}"] = _typed(column, row.get(column.name))
        super().__init__(sent, initial=start)
        count = _sent_rows(sent) if sent is not None else len(rows) + SPARE
        self.count = max(1, min(count, MOST_ROWS))
        for number in range(self.count):
            for column in of.all_columns:
                self.fields[f"{number}-{column.name}"] = _field(column)

    def groups(self) -> list[dict[str, Any]]:
        """The rows as groups of bound fields. Which columns a row needs is said only now: an empty
        row needs none."""
        for number in range(self.count):
            for column in self.of.all_columns:
                self.fields[f"{number}-{column.name}"].required = column.is_required
        return [
            {"number": n + 1, "fields": [self[f"{n}-{c.name}"] for c in self.of.all_columns]}
            for n in range(self.count)
        ]

    def heads(self) -> list[forms.BoundField]:
        return [self[name] for name in self.base_fields]

    def values(self) -> dict[str, Any]:
        """What the action takes; empty rows are left out."""
        given = {name: self.cleaned_data.get(name) for name in self.base_fields}
        self.filled: list[int] = []
        rows = []
        for number in range(self.count):
            row = {
                c.name: _read(c, self.cleaned_data.get(f"{number}-{c.name}"))
                for c in self.of.all_columns
            }
            if any(value for value in row.values()):
                self.filled.append(number)
                rows.append(row)
        return {**given, "rows": rows}

    def add_invalid(self, refusal: Invalid) -> None:
        """Put each problem under its field; `rows.N` counts the rows that were filled."""
        for problem in refusal.problems:
            name = problem.field
            if name.startswith("rows."):
                place, _, column = name.removeprefix("rows.").partition(".")
                name = f"{self.filled[int(place) - 1]}-{column or self.of.key[0]}"
            self.add_error(name if name in self.fields else None, said(problem))
        if not refusal.problems:
            self.add_error(None, said(refusal))


def _sent_rows(sent: QueryDict) -> int:
    numbers = [k.partition("-")[0] for k in sent if "-" in k]
    return max(
        (int(n) + 1 for n in numbers if n.isascii() and n.isdigit() and len(n) < 5), default=1
    )


def _field(column: Column) -> forms.Field:
    label = translated(column.label)
    if column.kind == "flag":
        return forms.BooleanField(label=label, required=False)
    if column.kind == "choice":
        listed = [("", "—"), *((c, translated(text)) for c, text in column.choices.items())]
        return forms.ChoiceField(label=label, choices=listed, required=False)
    wide = {} if column.kind == "line" else {"inputmode": "decimal"}
    if column.kind == "fen":
        label = f"{label}（{translated('元')}）"
    return forms.CharField(
        label=label, required=False, max_length=300, widget=forms.TextInput(attrs=wide)
    )


def _typed(column: Column, value: Any) -> Any:
    """A value as it stands in its field: amounts in yuan."""
    if column.kind == "fen" and value is not None:
        return f"{Decimal(value) / 100:f}"
    return value


def _read(column: Column, value: Any) -> Any:
    """What was typed, for the rules to judge: amounts in fen."""
    if column.kind == "fen" and value:
        try:
            fen = Decimal(value.replace(",", "")) * 100
        except InvalidOperation:
            return value
        whole = fen.is_finite() and fen == fen.to_integral_value() and abs(fen) < 10**18
        return int(fen) if whole else value
    return value
