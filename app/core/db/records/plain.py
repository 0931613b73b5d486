"""Entities that records can write, and the defaults of their columns."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Table, inspect
from sqlmodel import SQLModel

Model = type[SQLModel]


@lru_cache
def mapper_of(model: Model) -> Any:
    """Return the mapper, which `inspect` looks for at each call."""
    return inspect(model)


@lru_cache
def is_plain(model: Model) -> bool:
    """Return whether an entity is one row whose values are all made in Python.

    Others have relationships, inheritance, or values that the database computes.
    """
    mapper = mapper_of(model)
    table = mapper.local_table
    return (
        mapper.version_id_col is not None
        and callable(mapper.version_id_generator)
        and isinstance(table, Table)
        and not mapper.relationships
        and mapper.polymorphic_on is None
        and [*mapper.self_and_descendants] == [mapper]
        and mapper.inherits is None
        and {it.key for it in mapper.attrs} == {*table.c.keys()}
        and all(it.columns == [table.c[it.key]] for it in mapper.column_attrs)
        and [*mapper.primary_key] == [table.c.get("id")]
        and all(is_made_in_python(column) for column in table.c)
    )


def is_made_in_python(column: Any) -> bool:
    if column.server_default or column.server_onupdate or column.computed is not None:
        return False
    made = (it for it in (column.default, column.onupdate) if it is not None)
    return all(it.is_callable or it.is_scalar for it in made)


@lru_cache
def loaded_names(model: Model) -> frozenset[str]:
    """Return the attributes that a query of the entity loads."""
    return frozenset(it.key for it in mapper_of(model).column_attrs if not it.deferred)


@lru_cache
def defaults_of(model: Model) -> tuple[tuple[str, Any], ...]:
    """Return the default of each column whose NULL the ORM replaces by one."""
    return tuple(
        (column.key, column.default)
        for column in mapper_of(model).local_table.c
        if column.default is not None and not column.type.should_evaluate_none
    )


@lru_cache
def updates_of(model: Model) -> tuple[tuple[str, Any], ...]:
    """Return what each column is set to by an UPDATE that does not set it."""
    columns = mapper_of(model).local_table.c
    return tuple((it.key, it.onupdate) for it in columns if it.onupdate is not None)


def made_by(default: Any) -> Any:
    return default.arg(None) if default.is_callable else default.arg
