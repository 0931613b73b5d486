"""Identity of records: their keys, and whether they have a row."""

from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm.attributes import instance_state

from app.core.db.records.plain import Model, is_plain


def key_of(model: Model, id: UUID) -> Any:
    return inspect(model).identity_key_from_primary_key((id,))


def by_id(record: Any) -> UUID:
    id: UUID = record.id
    return id


def is_new(record: Any) -> bool:
    """Return whether the object has no row, and all the attributes of one."""
    model: Model = type(record)
    state = instance_state(record)
    if not is_plain(model) or state.key is not None or state.session is not None:
        return False
    attributes = inspect(model).column_attrs
    return all(it.key in state.dict or it.deferred for it in attributes)
