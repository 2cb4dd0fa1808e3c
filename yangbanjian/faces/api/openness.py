"""Open data of the floor: OCDS releases and records, for harvesters and everybody."""

# No postponed annotations here: ninja evaluates them.
import zlib
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from ninja import Query, Router, Schema
from pydantic import AwareDatetime
from pydantic import Field as PydanticField

from yangbanjian.faces.api.schemas import REFUSED
from yangbanjian.market.openness import queries

router = Router(tags=["openness"])
LINES = "application/jsonl; charset=utf-8"
MOST_LINES = 1_000_000


class ReleasesQuery(Schema):
    """`after`: the id of the last release that the caller has; `since`: an instant (RFC 3339);
    `limit`: how many at most, all if not said."""

    after: str = PydanticField("", max_length=100)
    since: AwareDatetime | None = None
    limit: int | None = PydanticField(None, ge=1, le=MOST_LINES)


def _found(query: ReleasesQuery) -> Iterator[str]:
    return queries.lines(queries.releases(after=query.after, since=query.since), query.limit)


@router.get("/ocds/releases.jsonl", operation_id="ocds_releases", include_in_schema=False)
def read_releases(request: HttpRequest, query: Query[ReleasesQuery]) -> Any:
    """Every release (OCDS 1.1.5), one a line, in the order of publication. A harvester keeps the id
    of its last line and asks `after` it next time."""
    return StreamingHttpResponse(_found(query), content_type=LINES)


@router.get("/ocds/releases.jsonl.gz", operation_id="ocds_bulk", include_in_schema=False)
def bulk(request: HttpRequest, query: Query[ReleasesQuery]) -> Any:
    """The same as a file to keep."""
    answer = StreamingHttpResponse(_squeezed(_found(query)), content_type="application/gzip")
    answer["Content-Disposition"] = 'attachment; filename="releases.jsonl.gz"'
    return answer


def _squeezed(lines: Iterator[str]) -> Iterator[bytes]:
    squeeze = zlib.compressobj(wbits=31)  # with the head and tail of gzip
    for line in lines:
        yield squeeze.compress(line.encode())
    yield squeeze.flush()


@router.get(
    "/ocds/releases/{release}",
    response={200: dict[str, Any], **REFUSED},
    operation_id="ocds_release",
)
def read_release(request: HttpRequest, release: str) -> HttpResponse:
    """A release package of one."""
    return _told(queries.release(release[:100]))


@router.get(
    "/ocds/records/{ocid}", response={200: dict[str, Any], **REFUSED}, operation_id="ocds_record"
)
def read_record(request: HttpRequest, ocid: str) -> HttpResponse:
    """A record package of one process: its releases, and the compiled release that they make."""
    return _told(queries.record(ocid[:100]))


def _told(package: dict[str, Any]) -> HttpResponse:
    return JsonResponse(package, json_dumps_params={"ensure_ascii": False})
