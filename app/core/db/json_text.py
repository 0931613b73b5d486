"""JSON texts of the database: canonical when written, tolerant when read."""

import json
from typing import Any

from pydantic_core import to_json

INVALID_JSON = "invalid_json"


def dump_json(document: Any) -> str:
    """Return a JSON text; decimals become strings, datetimes ISO 8601."""
    text = to_json(document, bytes_mode="base64", inf_nan_mode="strings")
    return text.decode()


def load_json(text: str) -> Any:
    """Parse a JSON text; one that is malformed becomes `{"invalid_json": text}`.

    Only a write past the application stores such a text, NaN for instance on SQLite.
    One bad row must stop neither the sealing of the audit log nor its readers.
    """
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        return {INVALID_JSON: text}


def reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON (RFC 8259)")


# json.loads() would make a decoder for each text, which takes longer than parsing it.
DECODER = json.JSONDecoder(parse_constant=reject_constant)
