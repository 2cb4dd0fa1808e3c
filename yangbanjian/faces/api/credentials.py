"""Status lists, beside the same under /status."""

# No postponed annotations here: ninja evaluates them.
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from ninja import Path, Router
from ninja.decorators import decorate_view
from pydantic import Field as PydanticField

from yangbanjian.faces.api.schemas import REFUSED
from yangbanjian.faces.api.wire import LARGEST_ID
from yangbanjian.ground.credentials import queries
from yangbanjian.ground.credentials.rules.documents import LIST_KEPT

router = Router(tags=["credentials"])
ListId = Annotated[int, PydanticField(ge=1, le=LARGEST_ID)]


@router.get("/status/{list_id}", response={200: dict[str, Any], **REFUSED},
            operation_id="status_list")  # fmt: skip
@decorate_view(cache_control(public=True, max_age=int(LIST_KEPT.total_seconds())))
def status_list(request: HttpRequest, list_id: Path[ListId]) -> Any:
    """A Bitstring Status List as a signed credential: which credentials have been revoked. Seen
    within 60 seconds."""
    return HttpResponse(queries.status_list(list_id), content_type="application/json")
