"""New entities, made of values without the constructor of SQLModel.

That one sets each attribute by itself, which takes as long as the INSERT.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import TypeVar

from sqlalchemy.sql import ClauseElement
from sqlmodel import SQLModel

from app.core.db.driver.compiled import Row
from app.core.db.records.loading import make_instance
from app.core.db.records.plain import Model, is_plain, mapper_of

ModelT = TypeVar("ModelT", bound=SQLModel)


def new_instance(model: type[ModelT], values: Row) -> ModelT:
    """Return the object that the constructor would make of the values."""
    validated = validated_names(model)
    # The audit's listener refuses SQL expressions.
    has_sql = any(isinstance(it, ClauseElement) for it in values.values())
    if validated is None or has_sql:
        return model(**values)
    fields = model.model_fields
    row = {
        name: values[name]
        if name in values
        else field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if name in values or not field.is_required()
    }
    instance = make_instance(model, row)
    for name in validated:
        if name in row:
            setattr(instance, name, row[name])
    return instance


@lru_cache
def validated_names(model: Model) -> Collection[str] | None:
    """Return the attributes with a validator; None if a listener needs each value.

    The audit's listener does not: it keeps the old value, and checks for expressions.
    """
    mapper = mapper_of(model)
    validated = mapper.validators
    manager = mapper.class_manager
    attributes = {it.key: manager[it.key] for it in mapper.column_attrs}
    is_heard = any(
        len(it.dispatch.set) > it.impl.active_history + (name in validated)
        for name, it in attributes.items()
    )
    # SQLAlchemy itself listens to `init`.
    has_constructor = manager.original_init is not SQLModel.__init__
    if not is_plain(model) or is_heard or has_constructor:
        return None
    return [*validated]
