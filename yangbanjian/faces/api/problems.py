"""Refusals as RFC 9457 problems, in the caller's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from yangbanjian.kernel.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    Refusal,
    Stale,
    TooMany,
)
from yangbanjian.kernel.words import gettext_noop

STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotAllowed, 403),
    (NotFound, 404),
    (Stale, 412),
    (Conflict, 409),
    (Invalid, 422),
    (TooMany, 429),
)
UNAUTHENTICATED = frozenset({"people.sign_in_first", "people.token_unusable"})


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal; being nobody is 401, not being allowed is 403."""
    if refusal.code in UNAUTHENTICATED:
        return 401
    return next((status for kind, status in STATUS if isinstance(refusal, kind)), 400)


def say(sentence: str, params: Mapping[str, Any]) -> str:
    """A catalogue sentence in the language in force, with its parameters (labels too)."""
    told = {
        k: gettext(v) if k in ("label", "state", "move") and v else v for k, v in params.items()
    }
    translated = gettext(sentence)
    return translated % told if told else translated


def problem(status: int, code: str, detail: str, **more: Any) -> JsonResponse:
    """An application/problem+json answer."""
    body = {"type": f"urn:ybj:{code}", "title": detail, "status": status, "code": code, **more}
    response = JsonResponse(
        body, status=status, content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )  # fmt: skip
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if "retry_after_seconds" in more:
        response["Retry-After"] = str(more["retry_after_seconds"])
    return response


def from_refusal(refusal: Refusal) -> JsonResponse:
    """The problem that tells of a refusal; an Invalid names every field."""
    more: dict[str, Any] = {}
    if isinstance(refusal, Invalid) and refusal.problems:
        more["errors"] = [
            {"field": p.field, "code": p.code, "detail": say(p.sentence, p.params)}
            for p in refusal.problems
        ]
    if isinstance(refusal, TooMany):
        more["retry_after_seconds"] = int(refusal.params.get("retry_after_seconds", 60))
    if isinstance(refusal, NotAllowed) and "owner_id" in refusal.params:
        more["owner_id"] = refusal.params["owner_id"]
    missing = refusal.params.get("missing")
    if missing:
        more["missing"] = list(missing)
    return problem(status_of(refusal), refusal.code, say(refusal.sentence, refusal.params), **more)


_NUMBER = gettext_noop("要填整数。")
_DATE = gettext_noop("要填真实存在的日期，如 2026-03-01。")
_TIME = gettext_noop("要填带时区的时间，如 2026-03-01T08:00:00+08:00。")
# What the schema's checks say, by the beginning of the error's type; the first that fits.
_SENTENCES = (
    ("missing", gettext_noop("请填写这一项。")),
    ("extra_forbidden", gettext_noop("没有这一栏，请删去。")),
    ("int_", _NUMBER),
    ("float_", gettext_noop("要填数字。")),
    ("bool_", gettext_noop("要填 true 或 false。")),
    ("string_too_long", gettext_noop("最多 %(max_length)s 个字。")),
    ("string_unicode", gettext_noop("文字里有不能用的字符，请删去后再发。")),
    ("string_pattern_mismatch", gettext_noop("有不能用的字符，可用的写法见 /api/v1/docs。")),
    ("string_", gettext_noop("要填文字。")),
    ("greater_than", gettext_noop("不能小于 %(ge)s。")),
    ("less_than", gettext_noop("不能大于 %(le)s。")),
    ("too_long", gettext_noop("最多 %(max_length)s 项。")),
    ("too_short", gettext_noop("至少要 %(min_length)s 项。")),
    ("literal_error", gettext_noop("只能填：%(expected)s。")),
    ("enum", gettext_noop("只能填：%(expected)s。")),
    ("datetime_", _TIME),
    ("timezone_", _TIME),
    ("date_", _DATE),
    ("list_", gettext_noop("要填一组值。")),
)
_OTHER = gettext_noop("这一项的值不能用。")
_CODE = re.compile(r"'([^']*)'")
# Parts of an error's place that the caller has not written: where it was, and which of two types.
_NOT_FIELDS = ("body", "payload", "query", "constrained-int", "constrained-str")


def _sentence_of(item: Mapping[str, Any]) -> str:
    kind, params = str(item["type"]), item.get("ctx") or {}
    sentence = next((s for start, s in _SENTENCES if kind.startswith(start)), _OTHER)
    if "expected" in params:  # 'a', 'b' or 'c'
        codes = _CODE.findall(str(params["expected"]))
        params = {**params, "expected": gettext("、").join(codes) or params["expected"]}
    try:
        return gettext(sentence) % params
    except KeyError:
        return gettext(_OTHER)


def from_validation(_request: HttpRequest, error: Any) -> JsonResponse:
    """What the schema refused: where, and in plain words."""
    errors = [
        {
            "field": ".".join(str(part) for part in item["loc"] if part not in _NOT_FIELDS),
            "code": str(item["type"]),
            "detail": _sentence_of(item),
        }
        for item in error.errors
    ]
    return problem(
        422, "api.invalid", gettext("请求内容不符合接口格式，请看 errors。"), errors=errors
    )


def from_http_error(_request: HttpRequest, error: Any) -> JsonResponse:
    """A body that can't be read; the parser's own refusal where there was one."""
    if isinstance(error.__cause__, Refusal):
        return from_refusal(error.__cause__)
    if error.status_code == 400:
        return problem(400, "api.unreadable", gettext("请求内容不是能读的 JSON，请检查后再发。"))
    return problem(error.status_code, "api.error", str(error))


def too_large() -> JsonResponse:
    """The answer to a body over the limit, which nobody reads to the end."""
    said = gettext("请求内容太大，最多 %(most)d MB；文件请用 /files 上传。")
    return problem(
        413, "api.too_large", said % {"most": settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20}
    )


_PLAIN = {
    400: ("api.bad_request", gettext_noop("请求不合规范，请检查后再发。")),
    404: ("api.no_such_call", gettext_noop("没有这个接口，接口列表见 /api/v1/docs。")),
    405: (
        "api.method_not_allowed",
        gettext_noop("这个地址不支持该方法，接口列表见 /api/v1/docs。"),
    ),
    413: ("api.too_large", gettext_noop("请求内容太大。")),
    500: ("api.failed", gettext_noop("系统出错了，已经记下，请稍后再试。")),
}


def as_problem(response: HttpResponseBase) -> HttpResponseBase:
    """The framework's own answers to errors (404, 405, 500 …) as problems."""
    said = response.headers.get("Content-Type", "")
    if response.status_code < 400 or "json" in said:
        return response
    code, sentence = _PLAIN.get(response.status_code, ("api.error", _PLAIN[400][1]))
    told = problem(response.status_code, code, gettext(sentence))
    if "Allow" in response.headers:
        told.headers["Allow"] = response.headers["Allow"]
    return told
