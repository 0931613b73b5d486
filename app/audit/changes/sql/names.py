"""Names of tables in a list of tokens."""

from typing import NamedTuple

from app.audit.changes.sql.tokens import NAME, STRING, UNREADABLE, Tokens

DEFAULT_SCHEMAS = frozenset({"main", "public"})
# Between the verb and the name of what it changes.
DDL_WORDS = frozenset(
    "table view materialized trigger rule function procedure index sequence schema "
    "or replace temp temporary if not exists only from unlogged recursive".split()
)


class Write(NamedTuple):
    """A write; `table` has its schema, unless it is the default one.

    If it `resolves` conflicts, it may delete rows, or leave some out, without an error.
    """

    verb: str
    table: str
    resolves: bool = False


def target(tokens: Tokens, position: int, dialect: str) -> str:
    """Return the table that is named here, after ONLY or OR REPLACE."""
    if tokens[position : position + 1] == ["or"]:
        position += 2
        position += tokens[position : position + 1] == ["into"]
    if dialect == "postgresql" and tokens[position : position + 1] == ["only"]:
        position += 1
        position += tokens[position : position + 1] == ["("]
    return qualified_name(tokens, position)


def qualified_name(tokens: Tokens, position: int) -> str:
    """Return the name that begins here, without the default schema."""
    parts = [plain_name(token) for token in tokens[position : position + 1]]
    while tokens[position + 1 : position + 2] == ["."]:
        position += 2
        parts += [plain_name(token) for token in tokens[position : position + 1]]
    if len(parts) == 2 and parts[0] in DEFAULT_SCHEMAS:
        del parts[0]
    return ".".join(parts)


def plain_name(token: str) -> str:
    return token[1:] if token[0] in (NAME, STRING) else token


def changed_object(tokens: Tokens) -> str:
    """Return the name in a statement such as ALTER TABLE or TRUNCATE."""
    for position, token in enumerate(tokens):
        if token == UNREADABLE:
            return ""
        if token not in DDL_WORDS or tokens[position + 1 : position + 2] == ["."]:
            return qualified_name(tokens, position)[:100]
    return ""
