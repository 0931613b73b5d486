"""Rows of the logs in a response, also those with a value that only SQL stores."""

from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from app.audit.models import Action
from app.audit.stored_values import AsStored
from app.core.clock import EPOCH
from app.core.db.driver.compiled import Row
from app.core.text import is_utf8

ReadT = TypeVar("ReadT", bound=BaseModel)
NO_ID = UUID(int=0)
# Values of required fields. A row without a time is sealed with that of the epoch.
PLACEHOLDERS = {
    "id": NO_ID,
    "at": EPOCH,
    "action": Action.UNAUDITED,
    "duration_ms": 0.0,
    "bytes": 0,
}


def shown_rows(model: type[ReadT], rows: list[Row]) -> list[ReadT]:
    return [shown_row(model, row) for row in rows]


def shown_row(model: type[ReadT], row: Row) -> ReadT:
    """Return the row as it is shown; `unreadable` names the values that cannot be."""
    wrong = {name for name in row.keys() & model.model_fields if is_wrong(row[name])}
    try:
        shown = model.model_validate(row)
    except ValidationError as error:
        wrong |= {str(each["loc"][0]) for each in error.errors()}
    if not wrong:
        return shown
    placeholders = {name: placeholder(model, name, row[name]) for name in wrong}
    return model.model_validate({**row, **placeholders, "unreadable": sorted(wrong)})


def is_wrong(value: Any) -> bool:
    """Return whether a text is not UTF-8."""
    return isinstance(value, str) and not (value.isascii() or is_utf8(value))


def placeholder(model: type[BaseModel], name: str, value: Any) -> Any:
    """Return a text with its wrong bytes escaped; else a value that stands for none."""
    if name in PLACEHOLDERS:
        return PLACEHOLDERS[name]
    annotation = model.model_fields[name].annotation
    if annotation not in (str, str | None):
        return None
    stored = value.value if isinstance(value, AsStored) else value
    text = stored if isinstance(stored, str) else repr(stored)
    return text.encode("utf-8", "backslashreplace").decode()
