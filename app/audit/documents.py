"""Old and new values of a change, also those that no release has written."""

import json
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from app.core.db.json_text import INVALID_JSON


def wrap_document(values: Any) -> Any:
    """Return values of a change; a document that is no object becomes a member of one.

    So does one with a text that UTF-8 cannot encode. Only a write past the application
    stores one: it must not hide the other changes.
    """
    is_valid = values is None or (isinstance(values, dict) and is_encodable(values))
    return values if is_valid else {INVALID_JSON: json.dumps(values)}


def values_of(document: Any) -> dict[str, Any]:
    """Return the values of one side of a change; none if there was no record."""
    return wrap_document(document) or {}


def is_encodable(values: dict[str, Any]) -> bool:
    try:
        to_json(values)
    except PydanticSerializationError:
        return False
    return True
