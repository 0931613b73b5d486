"""Conditions on how a value is spelled in the database.

SQLite stores any value in any column, and its driver reads several spellings of one id
or time. PostgreSQL stores times that Python has no value for.
"""

from typing import Any, ClassVar

from sqlalchemy import Boolean, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import functions

HEXADECIMAL = "[0-9a-f]" * 32
FRACTION = "." + "[0-9]" * 6
YEARS = "'0001-01-01 00:00+00' AND '9999-12-31 23:59:59.999999+00'"


class Spelling(functions.FunctionElement[bool]):
    """True for a value as the application writes it, false for NULL and any other."""

    inherit_cache = True
    type = Boolean()
    sqlite: ClassVar[str]
    postgresql: ClassVar[str]


class IsUuid(Spelling):
    inherit_cache = True
    # GLOB ends at a NUL, which the driver would read.
    sqlite = f"{{0}} GLOB '{HEXADECIMAL}' AND {{0}} = substr({{0}}, 1, 32)"
    postgresql = "{0} IS NOT NULL"


class IsTime(Spelling):
    inherit_cache = True
    sqlite = (
        # Adding no days makes 30 February 2 March.
        "{0} = strftime('%Y-%m-%d %H:%M:%S', substr({0}, 1, 19), '+0 days') "
        "|| substr({0}, 20, 7) "
        f"AND substr({{0}}, 20) GLOB '{FRACTION}' AND {{0}} >= '0001'"
    )
    postgresql = f"{{0}} BETWEEN {YEARS}"


class IsInteger(Spelling):
    inherit_cache = True
    sqlite = "typeof({0}) = 'integer'"
    postgresql = "{0} IS NOT NULL"


class Bytes(functions.FunctionElement[str]):
    """A value that may have no other form, as text; each one has another text."""

    inherit_cache = True
    type = String()


@compiles(Spelling)
def compile_spelling(element: Spelling, compiler: Any, **options: Any) -> str:
    condition = getattr(element, compiler.dialect.name)
    column = compiler.process(element.clauses, **options)
    return f"(({condition.format(column)}) IS TRUE)"


@compiles(Bytes, "sqlite")
def compile_quoted(element: Bytes, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"quote({column}) || hex({column})"  # quote() ends at a NUL


@compiles(Bytes, "postgresql")
def compile_seconds(element: Bytes, compiler: Any, **options: Any) -> str:
    """Return a time that Python does not have as seconds since 1970."""
    column = compiler.process(element.clauses, **options)
    return f"CAST(extract(epoch FROM {column}) AS text)"
