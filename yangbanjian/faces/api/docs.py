"""The page that explains the API: drawn by the server, nothing from elsewhere."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from yangbanjian.faces.api import outline


class Docs(DocsBase):
    """Every call with what it takes and gives, by subject."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        document = api.get_openapi_schema(path_params=kwargs)
        calls = outline.calls(document)
        by_tag = [(tag, list(found)) for tag, found in groupby(calls, lambda call: call.tag)]
        shapes = outline.shapes(document)
        context = {
            "page_title": "API",
            "api": document["info"],
            "groups": by_tag,
            "shapes": shapes,
            "openapi_url": self.get_openapi_url(api, kwargs),
        }
        return render(request, "api/docs.html", context)
