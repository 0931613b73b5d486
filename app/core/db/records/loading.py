"""Entities made of rows, in no session."""

from functools import lru_cache
from typing import TypeVar

from sqlalchemy import bindparam, select
from sqlmodel import SQLModel

from app.core.db.driver.compiled import Row
from app.core.db.driver.statements import Prepared
from app.core.db.records.plain import mapper_of

ModelT = TypeVar("ModelT", bound=SQLModel)


@lru_cache
def select_by_id(model: type[SQLModel]) -> Prepared:
    """Return the query of one row, by the names of the model's attributes."""
    attributes = (it for it in mapper_of(model).column_attrs if not it.deferred)
    columns = (it.columns[0].label(it.key) for it in attributes)
    key = mapper_of(model).local_table.c.id
    return Prepared(select(*columns).where(key == bindparam("id", type_=key.type)))


def make_instance(model: type[ModelT], row: Row) -> ModelT:
    """Return the instance that the ORM would load from the row, but in no session."""
    instance: ModelT = mapper_of(model).class_manager.new_instance()
    instance.__dict__.update(row)
    return instance
