"""The refusal by a rate limit, in the OpenAPI document of each guarded route."""

from typing import Any

from app.core.web.document.response_headers import reference_to
from app.core.web.openapi import documented

STATUS = "429"
DESCRIPTIONS = {
    "RateLimit": 'What remains, and for how many seconds: `"user";r=50;t=30`',
    "RateLimit-Policy": 'Requests, and seconds: `"user";q=600;w=60`',
}
NOTE = "Also over a rate limit, if the operator has set one"


def add_refusal(responses: dict[str, Any]) -> None:
    """Add 429 with its headers; keep what a route says about its own."""
    limited = documented(429)[429]
    headers = {name: reference_to(name) for name in ("Retry-After", *DESCRIPTIONS)}
    text = f"{limited['description']}. {NOTE}"
    own = responses.get(STATUS, {})
    responses[STATUS] = {**limited, **own, "description": text, "headers": headers}
