"""Conditions that the rows of a table have words, with and without its search index."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db.derived.columns import SEARCH_TEXT
from app.core.db.search.index import MIN_LETTERS
from app.core.db.search.words import contains_word

Condition = ColumnElement[bool]


def contain_all(rows: Any, words: Sequence[str]) -> list[Condition]:
    return [contains_word(rows.c[SEARCH_TEXT], word) for word in words]


def match(searched: Table, words: Sequence[str]) -> Condition:
    """Compare with the rows that FTS5 finds."""
    name = f"{searched.name}_search"
    index = table(name, column("rowid"), column(name))
    phrases = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    found = select(index.c.rowid).where(index.c[name].op("MATCH")(phrases))
    return literal_column(f'"{searched.name}".rowid').in_(found)


def in_index(
    searched: Table, words: Sequence[str], indexed: Sequence[str]
) -> Condition:
    """Compare with the ids that the GIN index finds.

    OFFSET makes PostgreSQL plan this query by itself. Otherwise it would rather scan in
    the order of the list, since it takes the trigrams of a word for independent.
    """
    rows = searched.alias()
    trigrams = literal([*split_trigrams(indexed)], ARRAY(Text))
    has_all = func.trigrams(rows.c[SEARCH_TEXT]).op("@>")(trigrams)
    found = select(rows.c.id).where(has_all, *contain_all(rows, words)).offset(0)
    return searched.c.id.in_(found)


def split_trigrams(words: Sequence[str]) -> dict[str, None]:
    """Return the trigrams as the keys, each one once."""
    return {
        word[start : start + MIN_LETTERS]: None
        for word in words
        for start in range(len(word) - MIN_LETTERS + 1)
    }
