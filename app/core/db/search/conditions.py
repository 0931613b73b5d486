"""Conditions of a search: by the search index, or for a scan in the order of the list.

The index finds the rows that have a rare word. A common word is in so many rows that
their order would cost more than a scan, which soon has all rows of the page. A sample
of the newest rows decides, for no database estimates this for several trigrams.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db.derived.columns import SEARCH_TEXT
from app.core.db.driver.compiled import Row
from app.core.db.search.index import MIN_LETTERS
from app.core.db.search.words import contains_word, split_words
from app.core.db.session import DatabaseSession

SAMPLE = 1_000
# Rows of the sample that make words common. A page of 50 is then found in 10 000 rows,
# if the words are as common in the others; to count all rows, each has to be read.
COMMON_FOR_PAGE = 5
COMMON_FOR_TOTAL = 100
Condition = ColumnElement[bool]


class Found(NamedTuple):
    """The conditions that a row has all words: for a page, and for the total."""

    page: Sequence[Condition] = ()
    total: Sequence[Condition] = ()


async def find_words(session: DatabaseSession, searched: Table, q: str | None) -> Found:
    words = split_words(q or "") if SEARCH_TEXT in searched.c else []
    if not words:
        return Found()
    search = Search(session.dialect.name, searched, words)
    if not search.indexed:
        return Found(search.scan(), search.scan())
    (sample,) = await session.rows(search.sample())
    page, total = (
        search.conditions(sample, limit)
        for limit in (COMMON_FOR_PAGE, COMMON_FOR_TOTAL)
    )
    return Found(page, total)


class Search:
    def __init__(self, dialect: str, searched: Table, words: Sequence[str]) -> None:
        self.dialect, self.table, self.words = dialect, searched, words
        self.indexed = [word for word in words if len(word) >= MIN_LETTERS]
        self.counts = [f"word_{place}" for place in range(len(words))]

    def scan(self) -> list[Condition]:
        return contain_all(self.table, self.words)

    def sample(self) -> Select[Any]:
        """Return the query of how many of the newest rows have each word, and all."""
        text, key = self.table.c[SEARCH_TEXT], self.table.c.id
        newest = select(text).order_by(key.desc()).limit(SAMPLE).subquery()
        found = contain_all(newest, self.words)
        counts: list[Any] = [
            func.count().filter(each).label(name)
            for name, each in zip(self.counts, found, strict=True)
        ]
        return select(*counts, func.count().filter(and_(*found)).label("all"))

    def conditions(self, sample: Row, limit: int) -> list[Condition]:
        """Use the index for the rare words, or for all if only all together are."""
        if sample["all"] >= limit:
            return self.scan()
        counts = zip(self.words, self.counts, strict=True)
        rare = {word for word, name in counts if sample[name] < limit}
        chosen = [each for each in self.indexed if each in rare] or self.indexed
        if self.dialect == "sqlite":
            return [match(self.table, chosen), *self.scan()]
        return [in_index(self.table, self.words, chosen)]


def contain_all(rows: Any, words: Sequence[str]) -> list[Condition]:
    return [contains_word(rows.c[SEARCH_TEXT], word) for word in words]


def match(searched: Table, words: Sequence[str]) -> Condition:
    """Compare with the rows that FTS5 finds."""
    name = f"{searched.name}_search"
    index = table(name, column("rowid"), column(name))
    phrases = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    found = select(index.c.rowid).where(index.c[name].op("MATCH")(phrases))
    return literal_column(f"{searched.name}.rowid").in_(found)


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
