"""Where each face is reached."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from yangbanjian.faces.api.routes import urls as api_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api_urls),
    path("", include("yangbanjian.faces.web.urls")),
]
handler400 = "yangbanjian.faces.web.errors.bad_request"
handler403 = "yangbanjian.faces.web.errors.forbidden"
handler404 = "yangbanjian.faces.web.errors.not_found"
handler500 = "yangbanjian.faces.web.errors.failed"
