"""What every page knows."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yangbanjian.faces.web.desk_nav import nav_of, sees_moderation
from yangbanjian.faces.web.shell import look
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.messages import queries as messages
from yangbanjian.ground.site import queries as site
from yangbanjian.ground.site.rules import SiteSettings
from yangbanjian.kernel.actor import ANONYMOUS
from yangbanjian.libraries.records import queries as records


def page(request: HttpRequest) -> dict[str, Any]:
    """The site's own words, who is reading, and how they like it to look."""
    actor = getattr(request, "actor", ANONYMOUS)
    said = site.settings()
    # Asked at most once a page, and only by pages that show it.
    unread = cache(lambda: messages.unread_count(actor))
    return {
        "site": _shown(said),
        "settings": said,
        "actor": actor,
        "user": getattr(request, "user", None),
        "unread": unread,
        "nav": lambda: nav_of(
            actor,
            request.path,
            unread(),
            records.waiting_count() if sees_moderation(actor) else 0,
        ),
        "demo": clock.is_sandbox(),
        "now": clock.now(),
        **look(request),
    }


def _shown(said: SiteSettings) -> dict[str, Any]:
    hosts = [_("主办：%(name)s") % {"name": said.host}] if said.host else []
    if said.operator:
        hosts.append(_("承办：%(name)s") % {"name": said.operator})
    return {
        "name": said.name,
        "slogan": said.tagline,
        "hosts": "　·　".join(hosts),
        "logo_url": f"/files/{said.logo}" if said.logo else "",
        "languages": said.languages,
        "nav": said.extra.get("nav", []),
        "footer": {
            "organiser": said.host,
            "operator": said.operator,
            "phone": said.contact,
            "site_code": said.site_code,
            "icp": said.icp,
            "icp_url": "https://beian.miit.gov.cn/" if said.icp else "",
            "police": said.police,
            "note": "",
        },
    }
