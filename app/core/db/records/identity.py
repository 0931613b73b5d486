"""Identity of records: their keys, and whether they have a row."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import instance_state

from app.core.db.records.plain import Model, is_plain, loaded_names, mapper_of


def key_of(model: Model, id: UUID) -> Any:
    return mapper_of(model).identity_key_from_primary_key((id,))


def by_id(record: Any) -> UUID:
    id: UUID = record.id
    return id


def is_new(record: Any) -> bool:
    """Return whether the object has no row, and all the attributes of one."""
    model: Model = type(record)
    state = instance_state(record)
    if not is_plain(model) or state.key is not None or state.session is not None:
        return False
    return state.dict.keys() >= loaded_names(model)
