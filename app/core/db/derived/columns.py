"""Derived columns: computed from others of the same row, to search and sort by.

They are in no image, seal or history of the audit: their values follow from the others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Table, Text

from app.core.text import fold

DERIVATION = "derivation"  # a key of `Column.info`
SEARCH_TEXT = "search_text"
# In no word, so no word is found across two columns.
SEPARATOR = "\n"
# PostgreSQL's B-trees hold 2 700 bytes, and folding can make 18 characters of one.
LONGEST_KEY = 200
# Compared by code points, in every locale of the database.
FOLDED = Text().with_variant(Text(collation="C"), "postgresql")


@dataclass(frozen=True)
class Derivation:
    """A derived column, and the columns that its value is computed from."""

    name: str
    sources: tuple[str, ...]

    def value(self, row: Mapping[str, Any]) -> str | None:
        """Return the value that follows from the row."""
        texts = [row[name] for name in self.sources]
        return join_texts(texts) if self.name == SEARCH_TEXT else sort_key(*texts)

    def column(self) -> Column[str | None]:
        # Nullable without a default, so that no database copies the table to add it.
        is_indexed = self.name != SEARCH_TEXT
        return Column(self.name, FOLDED, index=is_indexed, info={DERIVATION: self})


def make_derivations(
    searched: tuple[str, ...], collated: Iterable[str]
) -> list[Derivation]:
    """Return the derived columns of a table with these searched and collated ones."""
    keys = [Derivation(sort_key_name(name), (name,)) for name in collated]
    search = [Derivation(SEARCH_TEXT, searched)] if searched else []
    return [*search, *keys]


def sort_key_name(column: str) -> str:
    return f"{column}_sort"


def join_texts(texts: Iterable[str | None]) -> str:
    return SEPARATOR.join(fold(text) for text in texts if text)


def sort_key(text: str | None) -> str | None:
    return None if text is None else fold(text)[:LONGEST_KEY]


@lru_cache
def base_columns(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns that are not derived."""
    return tuple(each for each in table.columns if DERIVATION not in each.info)


@lru_cache
def derivations_of(table: Table) -> tuple[Derivation, ...]:
    found = (column.info.get(DERIVATION) for column in table.columns)
    return tuple(each for each in found if each)


def base_names(table: Table) -> set[str]:
    return {column.key for column in base_columns(table)}
