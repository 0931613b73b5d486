"""The refusal by a rate limit, in the OpenAPI document of each guarded route."""

from typing import Any

from app.core.web.openapi import Json, documented

STATUS = "429"
HEADERS = {
    "Retry-After": "Seconds to wait",
    "RateLimit": 'What remains, and for how many seconds: `"user";r=50;t=30`',
    "RateLimit-Policy": 'Requests, and seconds: `"user";q=600;w=60`',
}
NOTE = "Also over a rate limit, if the operator has set one"


def header_schemas() -> Json:
    """Return the headers as components of the document."""
    return {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in HEADERS.items()
    }


def add_refusal(responses: dict[str, Any]) -> None:
    """Add 429 with its headers; keep what a route says about its own."""
    limited = documented(429)[429]
    names = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
    text = f"{limited['description']}. {NOTE}"
    own = responses.get(STATUS, {})
    responses[STATUS] = {**limited, **own, "description": text, "headers": names}
