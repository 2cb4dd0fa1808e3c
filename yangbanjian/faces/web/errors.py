"""Pages for errors that the framework finds: wrong address, wrong request, our own fault."""

from __future__ import annotations

import logging
import uuid

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from yangbanjian.faces.web.refusing import too_big

log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        # Found while the form was read for its token, before any view.
        return too_big(request)
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or that another site sent."""
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Our fault: the page must not need the database, it may be what failed."""
    number = uuid.uuid4().hex[:8]
    log.error("page failed: %s %s", number, request.path)
    context = {"error_number": number, "request": request}
    from django.template.loader import render_to_string

    return HttpResponse(render_to_string("500.html", context), status=500)
