"""Outcomes of the items of a bulk request."""

from typing import Any

from app.collections.bulk.schemas import BulkSuccess
from app.core.db.database_errors import to_app_exception
from app.core.exceptions import (
    AppException,
    PreconditionFailedException,
    StaleException,
    UnavailableException,
)
from app.core.schemas import Read
from app.core.web.etag import format_etag

Outcome = BulkSuccess | AppException
STATUSES = {"create": 201, "update": 200, "delete": 204}


def success_of(
    schema: type[BulkSuccess], read: type[Read], op: str, entity: Any
) -> BulkSuccess:
    """Return the outcome of a write; `entity` is the id of a record that is deleted."""
    values: dict[str, Any] = {"id": entity, "etag": None, "record": None}
    if op != "delete":
        record, etag = read.model_validate(entity), format_etag(entity.version)
        values = {"id": entity.id, "etag": etag, "record": record}
    return schema.model_construct(status=STATUSES[op], **values)


def refusal_of(error: Exception, if_match: str | None = None) -> AppException:
    """Return why an item was refused; raise the error if it is not about the item."""
    refusal = error if isinstance(error, AppException) else to_app_exception(error)
    if refusal is None or isinstance(refusal, UnavailableException):
        raise error
    if if_match and isinstance(refusal, StaleException):
        return PreconditionFailedException(refusal.detail)
    return refusal
