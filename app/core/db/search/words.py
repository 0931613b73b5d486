"""Words of a search, and the condition that a text contains one."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from app.core.text import fold


def split_words(q: str) -> list[str]:
    """Return the folded words, each one once."""
    return [*dict.fromkeys(fold(q).split())]


class contains(GenericFunction[bool]):  # noqa: N801
    """Whether a text contains another one literally.

    Not LIKE: PostgreSQL expects so few rows of it that it prefers to read a whole table
    to the index of the order.
    """

    type = Boolean()
    inherit_cache = True


@compiles(contains, "sqlite")
def compile_for_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"instr{compiler.process(element.clause_expr, **options)} > 0"


@compiles(contains, "postgresql")
def compile_for_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"strpos{compiler.process(element.clause_expr, **options)} > 0"


def contains_word(text: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    return contains(text, bindparam(None, word, type_=text.type))
