"""Rate limits in the OpenAPI document of each guarded route."""

from typing import Any

from app.core.web.document.response_headers import SUCCESSES, add_references
from app.core.web.openapi import documented

STATUS = "429"
DESCRIPTIONS = {
    "RateLimit": 'What remains, and for how many seconds: `"user";r=50;t=30`. '
    "Errors have it as well",
    "RateLimit-Policy": 'Requests, and seconds: `"user";q=600;w=60`',
}
NOTE = "Also over a rate limit, if the operator has set one"


def add_limits(responses: dict[str, Any]) -> None:
    """Add 429, keeping what a route says about its own, and the headers of successes.

    Those of errors would make the document a quarter longer.
    """
    limited = documented(429)[429]
    own = responses.get(STATUS, {})
    text = f"{limited['description']}. {NOTE}"
    responses[STATUS] = {**limited, **own, "description": text}
    for status in responses.keys() & {*SUCCESSES, STATUS}:
        add_references(responses[status], *DESCRIPTIONS)
