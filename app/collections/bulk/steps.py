"""Items of a bulk request as steps."""

from typing import Any

from pydantic import ValidationError

from app.collections.bulk.collection_schemas import BulkSchemas
from app.collections.writes.steps import INVALID, Step
from app.core.exceptions import ValidationFailedException

OPS = "Input should be 'create', 'update' or 'delete'"
UNKNOWN_OP = {"loc": ("op",), "type": "literal_error", "msg": OPS}


def step_of(item: Any, schemas: BulkSchemas) -> Step:
    op = item.get("op") if isinstance(item, dict) else None
    schema = schemas.items.get(op) if isinstance(op, str) else None
    if schema is None:
        return Step(INVALID, error=ValidationFailedException([UNKNOWN_OP]))
    try:
        return Step(**dict(schema.model_validate(item)))
    except ValidationError as error:
        errors: Any = error.errors(include_url=False, include_input=False)
        return Step(INVALID, error=ValidationFailedException(errors))
