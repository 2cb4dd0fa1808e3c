"""The OpenAPI document, completed with what the framework does not say: who may call, which
headers count, and that every error is a problem."""

from __future__ import annotations

import copy
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = "application/problem+json"
# Reads that make no sense without a token, and the calls that write nothing of anybody's.
OWN_READS = ("me", "tokens", "inbox", "matches", "ledger")
OPEN_CALLS = ("match", "sandbox")
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "The same key and body give the first answer again; another body 409.",
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string", "pattern": '^("[0-9]{1,9}(\\.[0-9a-f]{12})?"|\\*)$'},
    "description": "The ETag that was read; 412 if the record has moved on since.",
}
ETAG = {"schema": {"type": "string"}, "description": "For If-None-Match and If-Match."}


def complete(schema: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document, made whole. Its own form is what `/openapi.json` shows."""
    whole = copy.deepcopy(dict(schema))
    whole["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    whole["components"]["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of POST /tokens, or of `ybj token create`.",
        }
    }
    for path, calls in whole["paths"].items():
        for method in METHODS:
            if method in calls:
                # Methods of one path may share an object.
                calls[method] = _completed(path, method, copy.deepcopy(calls[method]))
    return whole


def _completed(path: str, method: str, call: dict[str, Any]) -> dict[str, Any]:
    subject = path.removeprefix("/api/v1/").split("/")[0]
    needs_token = subject in OWN_READS if method == "get" else subject not in OPEN_CALLS
    call["security"] = [{"bearer": []}] if needs_token else [{"bearer": []}, {}]
    if method != "get":
        call.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    answers = {str(status): said for status, said in call["responses"].items()}
    if "412" in answers and (method == "patch" or path.endswith("/moves/{move}")):
        call["parameters"].append(IF_MATCH)
    for status, said in answers.items():
        if status >= "400" and "content" in said and not path.endswith("/health"):
            said["content"] = {PROBLEM: next(iter(said["content"].values()))}
        elif method == "get" and status == "200":
            said["headers"] = {"ETag": ETAG}
    answers["default"] = {
        "description": "Problem",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    call["responses"] = answers
    return call
