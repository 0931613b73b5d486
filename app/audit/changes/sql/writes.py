"""Tables that an SQL text writes to. Statements of an unknown kind count as writes."""

from collections.abc import Iterator
from itertools import chain, groupby

from app.audit.changes.sql.names import Write, changed_object, target
from app.audit.changes.sql.statements import is_readable
from app.audit.changes.sql.tokens import Tokens, tokenize

DML = frozenset({"into", "update", "delete"})
PUNCTUATION = frozenset("(),;.=")
# `update` after one of these is a column, or part of a clause.
NOT_UPDATE = frozenset({".", ",", "select", "do", "then", "on", "for"})


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
