"""The preference of a client for a response that may be old (RFC 7240)."""

from collections.abc import Iterable
from typing import Any

from fastapi import Response

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
    parts = ",".join(lines).split(",")
    return STALE_OK in {each.partition(";")[0].strip().lower() for each in parts}


def mark(response: Response, *, is_stale: bool) -> None:
    response.headers.add_vary_header("Prefer")
    if is_stale:
        response.headers[APPLIED] = STALE_OK
