"""Tables that an SQL text writes to. Statements of an unknown kind count as writes."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, groupby, pairwise

from app.audit.changes.sql.names import Write, changed_object, target
from app.audit.changes.sql.statements import ENDS, is_readable
from app.audit.changes.sql.tokens import Tokens, tokenize

DML = frozenset({"into", "update", "delete"})
PUNCTUATION = frozenset("(),;.=")
# `update` after one of these is a column, or part of a clause.
NOT_UPDATE = frozenset({".", ",", "select", "do", "then", "on", "for"})


def find_writes(sql: str, dialect: str) -> tuple[Write, ...]:
    """Return all writes of a text, in CTEs and after semicolons too."""
    found = (statement_writes(each, dialect) for each in statements(sql, dialect))
    return tuple(chain.from_iterable(found))


@lru_cache(maxsize=1024)
def ends_transaction(sql: str, dialect: str) -> bool:
    """Return whether a text ends a transaction, or returns to a savepoint."""
    kinds = {each[0] for each in statements(sql, dialect)}
    return not ENDS.isdisjoint(kinds)


def statements(sql: str, dialect: str) -> list[Tokens]:
    split = groupby(tokenize(sql, dialect), key=";".__eq__)
    return [list(group) for is_separator, group in split if not is_separator]


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
        resolves = resolves_conflicts(tokens, position)
        if verb == "into":
            yield Write(verb, target(tokens, position + 1, dialect), resolves)
        elif verb == "delete":
            if after == "from" and before not in NOT_UPDATE:
                yield Write(verb, target(tokens, position + 2, dialect))
        elif not is_clause(tokens, position) and after not in PUNCTUATION:
            yield Write(verb, target(tokens, position + 1, dialect), resolves)


def resolves_conflicts(tokens: Tokens, position: int) -> bool:
    """Return whether INTO or UPDATE has OR, REPLACE or ON CONFLICT."""
    before = tokens[max(position - 2, 0) : position]
    has_or = "or" in (*before, *tokens[position + 1 : position + 2])
    on_conflict = ("on", "conflict") in pairwise(tokens)
    return has_or or on_conflict or before[-1:] == ["replace"]


def is_clause(tokens: Tokens, position: int) -> bool:
    """Return whether `update` is a column or part of a clause: FOR UPDATE etc."""
    before = tokens[max(position - 3, 0) : position]
    return not NOT_UPDATE.isdisjoint(before[-1:]) or before == ["for", "no", "key"]
