"""Kinds of a table's columns, from which the parameters of its list are made."""

from collections.abc import Container
from typing import Any

from sqlalchemy import Boolean, Column, Enum, String, Table

from app.core.db.columns import implementation
from app.core.db.derived.columns import base_columns


def is_text(column: Column[Any]) -> bool:
    kind = implementation(column.type)
    return isinstance(kind, String) and not isinstance(kind, Enum)


def nullable_names(table: Table) -> list[str]:
    """Return the nullable columns, but those of text: `null` may be a text."""
    columns = base_columns(table)
    return [each.name for each in columns if each.nullable and not is_text(each)]


def choices_of(table: Table) -> dict[str, dict[Any, str]]:
    """Return the values of each enum and flag, with their text in JSON."""
    found: dict[str, dict[Any, str]] = {}
    for column in base_columns(table):
        if isinstance(column.type, Enum) and column.type.enum_class:
            found[column.name] = {each: each.value for each in column.type.enum_class}
        elif isinstance(column.type, Boolean):
            found[column.name] = {True: "true", False: "false"}
        else:
            continue
        if column.nullable:
            found[column.name][None] = "null"
    return found


def references_of(table: Table) -> dict[str, str]:
    """Return the table that each foreign key refers to, by the name of the column."""
    return {
        column.name: key.target_fullname.partition(".")[0]
        for column in base_columns(table)
        for key in column.foreign_keys
    }


def label_of(table: Table, shown: Container[str]) -> str:
    """Return the column that names a record for people: a name, a title, a number."""
    columns = base_columns(table)
    texts = [each.name for each in columns if is_text(each) and each.name in shown]
    for name in ("name", "full_name", "title"):
        if name in texts:
            return name
    return texts[0] if texts else "id"
