"""Old and new values of a change, also those that no release has written."""

import json
from typing import Any

import orjson
from pydantic_core import PydanticSerializationError, to_json

from app.audit.stored_values import AsStored
from app.core.db.json_text import INVALID_JSON


def wrap_document(values: Any) -> Any:
    """Return values of a change; a document that is no object becomes a member of one.

    So does one with a lone surrogate or too many levels. Only a write past the
    application stores one: it must not hide the other changes.
    """
    if values is None:
        return None
    if isinstance(values, dict) and is_json(values):
        return values
    stored = values.value if isinstance(values, AsStored) else values
    return {INVALID_JSON: json.dumps(stored, default=repr)}


def values_of(document: Any) -> dict[str, Any]:
    """Return the values of one side of a change; none if there was no record."""
    return wrap_document(document) or {}


def is_json(values: dict[str, Any]) -> bool:
    try:
        orjson.dumps(values)
    except TypeError:
        return is_json_of_large_numbers(values)
    return True


def is_json_of_large_numbers(values: dict[str, Any]) -> bool:
    """Return the same also for integers over 64 bits, which takes longer."""
    try:
        to_json(values)
    except PydanticSerializationError:
        return False
    return True
