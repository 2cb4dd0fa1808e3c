"""Addresses of the operator's workspace."""

from __future__ import annotations

from django.urls import URLPattern, path

from yangbanjian.faces.web import (
    operator,
    operator_figures,
    operator_log,
    operator_moderation,
    operator_report,
    operator_settings,
)

urls: list[URLPattern] = [
    path("desk/cockpit", operator.cockpit, name="cockpit"),
    path("desk/figures", operator.definitions, name="figures"),
    path("desk/figures/<str:code>", operator_figures.behind),
    path("desk/moderation", operator_moderation.queue, name="moderation"),
    path("desk/moderation/decide", operator_moderation.decide),
    path("desk/moderation/<str:room>/<int:number>", operator_moderation.look),
    path("desk/reports/<int:number>", operator_moderation.decide_report),
    path("desk/report", operator_report.page, name="month_report"),
    path("desk/report.xlsx", operator_report.workbook),
    path("desk/log", operator_log.log, name="log"),
    path("desk/log.csv", operator_log.export),
    path("desk/settings", operator_settings.settings, name="site_settings"),
]
