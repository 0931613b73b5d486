"""Tables that an SQL text writes to. Statements of an unknown kind count as writes."""

from collections.abc import Iterator
from itertools import chain, groupby
from typing import NamedTuple

from app.audit.changes.sql_tokens import (
    STRING,
    UNREADABLE,
    Tokens,
    plain_name,
    qualified_name,
    tokenize,
)

DML = frozenset({"into", "update", "delete"})
READABLE = frozenset(
    "select with values table insert update delete replace merge explain declare fetch "
    "move close begin start commit end rollback abort savepoint release show reset set "
    "analyze analyse vacuum reindex checkpoint lock listen unlisten notify discard "
    "comment pragma create".split()
)
CREATABLE = frozenset({"table", "index", "type", "sequence"})
PUNCTUATION = frozenset("(),;.=")
# `update` after one of these is a column, or part of a clause.
NOT_UPDATE = frozenset({".", ",", "select", "do", "then", "on", "for"})
# They change what names, strings or triggers mean.
UNSAFE_SETTINGS = frozenset(
    "session_replication_role search_path standard_conforming_strings role "
    "authorization".split()
)
READ_PRAGMAS = frozenset(
    "table_info table_xinfo table_list index_list index_info index_xinfo "
    "foreign_key_list foreign_key_check integrity_check quick_check".split()
)
# Between the verb and the name of what it changes.
DDL_WORDS = frozenset(
    "table view materialized trigger rule function procedure index sequence schema "
    "or replace temp temporary if not exists only from unlogged recursive".split()
)


class Write(NamedTuple):
    """A write; `table` has its schema, unless it is the default one."""

    verb: str
    table: str


def find_writes(sql: str, dialect: str) -> tuple[Write, ...]:
    """Return all writes of a text, in CTEs and after semicolons too."""
    tokens = tokenize(sql, dialect)
    split = groupby(tokens, key=";".__eq__)
    statements = [list(group) for is_separator, group in split if not is_separator]
    found = (statement_writes(statement, dialect) for statement in statements)
    return tuple(chain.from_iterable(found))


def statement_writes(tokens: Tokens, dialect: str) -> Iterator[Write]:
    kind = next(filter("(".__ne__, tokens), "")
    if not kind:
        return
    if not is_readable(kind, tokens):
        yield Write(kind, changed_object(tokens[1:]) or kind)
    elif kind != "explain" or not {"analyze", "analyse"}.isdisjoint(tokens):
        yield from dml_writes(tokens, dialect)


def is_readable(kind: str, tokens: Tokens) -> bool:
    """Return whether the statement writes only where dml_writes() finds it."""
    if kind not in READABLE or UNREADABLE in tokens:
        return False
    if changes_settings(kind, tokens):
        return False
    if kind == "create":
        return creates_table(tokens)
    if kind == "pragma":
        return reads_pragma(tokens)
    return kind != "explain" or "execute" not in tokens


def changes_settings(kind: str, tokens: Tokens) -> bool:
    """Return whether SET or set_config() changes an unsafe or an unknown setting."""
    names = [plain_name(token) for token in tokens]
    if kind != "set":
        if "set_config" not in names:
            return False
        setting = tokens[names.index("set_config") + 2 :]
        if not setting or not setting[0].startswith(STRING):
            return True
    return not UNSAFE_SETTINGS.isdisjoint(name.lower() for name in names)


def creates_table(tokens: Tokens) -> bool:
    """Return whether CREATE makes a table or the like, in the default schema."""
    rest = tokens[2:] if tokens[1:2] == ["unique"] else tokens[1:]
    if not rest or rest[0] not in CREATABLE:
        return False
    start = 4 if rest[1:4] == ["if", "not", "exists"] else 1
    return "." not in qualified_name(rest, start)


def reads_pragma(tokens: Tokens) -> bool:
    rest = tokens[3:] if tokens[2:3] == ["."] else tokens[1:]
    return len(rest) == 1 or not READ_PRAGMAS.isdisjoint(rest[:1])


def dml_writes(tokens: Tokens, dialect: str) -> Iterator[Write]:
    """Yield the targets of INTO, UPDATE and DELETE FROM, anywhere in the statement."""
    for position, verb in enumerate(tokens):
        if verb not in DML:
            continue
        before = tokens[position - 1] if position else ""
        after = tokens[position + 1] if position + 1 < len(tokens) else ")"
        if verb == "into":
            yield Write(verb, target(tokens, position + 1, dialect))
        elif verb == "delete":
            if after == "from" and before not in NOT_UPDATE:
                yield Write(verb, target(tokens, position + 2, dialect))
        elif not is_clause(tokens, position) and after not in PUNCTUATION:
            yield Write(verb, target(tokens, position + 1, dialect))


def is_clause(tokens: Tokens, position: int) -> bool:
    """Return whether `update` is a column or part of a clause: FOR UPDATE etc."""
    before = tokens[max(position - 3, 0) : position]
    return not NOT_UPDATE.isdisjoint(before[-1:]) or before == ["for", "no", "key"]


def target(tokens: Tokens, position: int, dialect: str) -> str:
    """Return the table that is named here, after ONLY or OR REPLACE."""
    if tokens[position : position + 1] == ["or"]:
        position += 2
        position += tokens[position : position + 1] == ["into"]
    if dialect == "postgresql" and tokens[position : position + 1] == ["only"]:
        position += 1
        position += tokens[position : position + 1] == ["("]
    return qualified_name(tokens, position)


def changed_object(tokens: Tokens) -> str:
    """Return the name in a statement such as ALTER TABLE or TRUNCATE."""
    for position, token in enumerate(tokens):
        if token == UNREADABLE:
            return ""
        if token not in DDL_WORDS or tokens[position + 1 : position + 2] == ["."]:
            return qualified_name(tokens, position)[:100]
    return ""
