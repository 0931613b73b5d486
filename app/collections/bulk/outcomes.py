"""Outcomes of the items of a bulk request."""

from typing import Any

from app.collections.bulk.schemas import BulkSuccess
from app.core.exceptions import AppException
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
