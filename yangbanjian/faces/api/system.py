"""Is the installation well?"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status

from yangbanjian import __version__
from yangbanjian.ground.files import queries as files
from yangbanjian.ground.log import queries as log
from yangbanjian.ground.site import queries as site

router = Router(tags=["system"])


class Health(Schema):
    status: str
    version: str
    checks: dict[str, str]


@router.get("/health", response={200: Health, 503: Health}, operation_id="health")
def health(request: HttpRequest) -> Any:
    """200 when pages can be served with data; 503 `loading` while the demo is being built. What is
    `late` or `damaged` among the checks is for whoever watches: pages are served all the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    checks = {"database": "ok"}
    status = site.loading_state()
    checks["demo"] = status
    well = status == "ok"
    if well:
        checks["log"] = "late" if log.unsequenced_since() > log.SEALED_WITHIN_S else "ok"
        checks["anchors"] = "late" if log.late_places() else "ok"
        checks["files"] = "damaged" if files.damaged() else "ok"
    body = {"status": "ok" if well else status, "version": __version__, "checks": checks}
    return Status(200 if well else 503, body)
