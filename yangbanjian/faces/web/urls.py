"""Pages, by subject."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from yangbanjian.faces.web import (
    access,
    credentials,
    deals,
    demands,
    desk,
    evidence,
    floor,
    gallery,
    home,
    imports,
    inbox,
    introductions,
    ledger,
    ledger_bank,
    ledger_expected,
    libraries,
    listings,
    lots,
    misc,
    name_cards,
    open_data,
    operator_urls,
    papers,
    payouts,
    publish,
    record_pages,
    record_versions,
    risks,
    rulebook,
    stars,
    uses,
)
from yangbanjian.faces.web.shell import shell_urls

urlpatterns: list[URLPattern | URLResolver] = [
    *shell_urls,
    *home.urls,
    *imports.urls,
    *libraries.urls,
    *record_pages.urls,
    *record_versions.urls,
    *name_cards.urls,
    *publish.urls,
    *demands.urls,
    *introductions.urls,
    *inbox.urls,
    *desk.urls,
    *stars.urls,
    *misc.urls,
    *open_data.urls,
    *risks.urls,
    *evidence.urls,
    *floor.urls,
    *listings.urls,
    *papers.urls,
    *payouts.urls,
    *uses.urls,
    *lots.urls,
    *deals.urls,
    *credentials.urls,
    *access.urls,
    *operator_urls.urls,
    *rulebook.urls,
    *ledger.urls,
    *ledger_bank.urls,
    *ledger_expected.urls,
    path("", include("yangbanjian.faces.web.people_urls")),
]
if settings.YBJ_SANDBOX:
    urlpatterns.append(path("gallery", gallery.gallery, name="gallery"))
