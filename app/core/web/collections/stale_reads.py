"""The preference of a client for a response that may be old (RFC 7240)."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from fastapi import Response

from app.core.clock import MAX_SKEW, now
from app.core.fields import parse_instant
from app.core.web.query_params import parse_query

# Parameters that go on from an earlier response, which was perhaps the primary's.
CONTINUING = ("after", "cursor", "offset", "updated_since")
QUOTED = re.compile(r'"(?:[^"\\]|\\.?)*+"?')  # a comma or a name in there is text
STALE_OK, APPLIED = "stale-ok", "Preference-Applied"
PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "description": "`stale-ok` lets a replica of the database answer, whose records "
    f"may be some seconds old. The response has `{APPLIED}: {STALE_OK}` if it did.",
    "schema": {"type": "string", "examples": [STALE_OK]},
}


def prefers_stale(lines: Iterable[str]) -> bool:
    """Return whether the lines of `Prefer` have the preference, which has no value."""
    parts = QUOTED.sub("", ",".join(lines)).split(",")
    return STALE_OK in {each.partition(";")[0].strip().lower() for each in parts}


def allows_stale(raw: bytes, max_lag: float) -> bool:
    """Return whether the response to a query string may be `max_lag` seconds old.

    A further page may not: it would lack what the page before lacks as well. Nor may
    what was changed since the last response, nor the past, if changes of that time may
    be missing yet.
    """
    query = dict(parse_query(raw))
    if any(query.get(name, "0") != "0" for name in CONTINUING):
        return False
    if "as_of" in query:
        with suppress(ValueError):  # is 422
            age = now() - parse_instant(query["as_of"])
            return age > timedelta(seconds=max_lag) + MAX_SKEW
    return True


def add_headers(response: Response, *, is_stale: bool) -> None:
    """Say whether a replica has answered, and that the preference matters to caches."""
    response.headers.add_vary_header("Prefer")
    if is_stale:
        response.headers[APPLIED] = STALE_OK
