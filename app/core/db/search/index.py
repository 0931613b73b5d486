"""Search index of a table: the trigrams of its search text.

SQLite: a table of FTS5, which triggers on the searched table fill. It has no copy of
the text and refers to rows by rowid, so a copy of the table needs a new index.
PostgreSQL: a GIN index over a function, which needs no extension.
"""

from sqlalchemy import Connection, Table, text
from sqlmodel import SQLModel

from app.core.db.derived.columns import SEARCH_TEXT
from app.core.db.guarantees.definitions import (
    SEARCH_INDEX,
    TRIGGERS,
    SearchIndex,
    Trigger,
)

MIN_LETTERS = 3  # of a word that the index finds
# Columns that would stand for SQLite's row numbers, and name an index like this one.
TAKEN_COLUMNS = {"rowid", "search"}
# The tables in which FTS5 keeps an index.
SHADOWS = ("_config", "_content", "_data", "_docsize", "_idx")
ADD = "INSERT INTO {index}(rowid, {text}) VALUES (new.rowid, new.{text});"
REMOVE = (
    "INSERT INTO {index}({index}, rowid, {text}) "
    "VALUES ('delete', old.rowid, old.{text});"
)
TRIGGER_BODIES = {
    "insert": f'AFTER INSERT ON "{{table}}" BEGIN {ADD} END',
    "update": (
        'AFTER UPDATE OF {text} ON "{table}" WHEN old.{text} IS NOT new.{text} '
        f"BEGIN {REMOVE} {ADD} END"
    ),
    "delete": f'AFTER DELETE ON "{{table}}" BEGIN {REMOVE} END',
}
# So many parts of an index FTS5 merges bit by bit, and so many at once. With its 4 and
# 16, an INSERT takes 0.2 ms more on average, and one of thousands half a second.
MERGES = "'automerge', 8", "'crisismerge', 64"
SET = "INSERT INTO {index}({index}, rank) VALUES "
SQLITE = (
    "DROP TABLE IF EXISTS {index}",
    "CREATE VIRTUAL TABLE {index} USING fts5({text}, content='{table}', "
    "tokenize='trigram case_sensitive 1')",
    *(f"{SET}({it})" for it in MERGES),
    "INSERT INTO {index}({index}) VALUES ('rebuild')",
)
# All search indexes, also those of tables that no model has any more.
INDEXES = {
    "sqlite": text("""
SELECT name FROM sqlite_master
WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5(search_text,%'
"""),
    "postgresql": text("""
SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema()
    AND indexdef LIKE '% USING gin (trigrams(search_text))'
"""),
}
# In pieces of 64 characters, as the position of a character is found by counting. The
# cost and the restriction keep PostgreSQL from calling it for each row of a scan.
TRIGRAMS = """
CREATE OR REPLACE FUNCTION trigrams(value text)
 RETURNS text[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL RESTRICTED STRICT COST 1000
AS $function$
DECLARE
    found text[] := '{}';
    piece text;
BEGIN
    FOR start IN 1 .. length(value) - 2 BY 64 LOOP
        piece := substr(value, start, 66);
        FOR place IN 1 .. length(piece) - 2 LOOP
            found := found || substr(piece, place, 3);
        END LOOP;
    END LOOP;
    RETURN found;
END $function$
"""
# New entries wait in a list, as is the default, and a search reads it in a millisecond.
# Without it an INSERT changes a hundred pages of the index, and takes 11 ms, not 0.2.
POSTGRESQL = (
    "DROP INDEX IF EXISTS {index}",
    'CREATE INDEX {index} ON "{table}" USING gin (trigrams({text}))',
    'ANALYZE "{table}"',
)


def declare_search_index(table: Table) -> None:
    """Add the search index and its triggers to `Table.info`.

    Raises:
        TypeError: a column has a name that the index needs.
    """
    if taken := ", ".join(sorted(TAKEN_COLUMNS & {*table.c.keys()})):
        raise TypeError(f"A table with a search index has no column {taken}: {table}")
    names = {"table": table.name, "index": f"{table.name}_search", "text": SEARCH_TEXT}
    on_sqlite = SearchIndex(
        names["index"], table.name, "table", tuple(it.format(**names) for it in SQLITE)
    )
    triggers: dict[str, tuple[Trigger, ...]] = {**table.info.get(TRIGGERS, {})}
    own = tuple(trigger(event, names) for event in TRIGGER_BODIES)
    triggers["sqlite"] = triggers.get("sqlite", ()) + own
    names["index"] = f"ix_{table.name}_search"
    statements = TRIGRAMS, *(it.format(**names) for it in POSTGRESQL)
    on_postgresql = SearchIndex(names["index"], table.name, "index", statements)
    table.info[TRIGGERS] = triggers
    table.info[SEARCH_INDEX] = {"sqlite": on_sqlite, "postgresql": on_postgresql}


def trigger(event: str, names: dict[str, str]) -> Trigger:
    name = f"{names['index']}_{event}"
    create = f"CREATE TRIGGER {name} {TRIGGER_BODIES[event].format(**names)}"
    return Trigger(name, names["table"], create, fills=names["index"])


def index_names(connection: Connection) -> set[str]:
    """Return the names of all search indexes, and of their tables."""
    names = connection.scalars(INDEXES[connection.dialect.name]).all()
    return {f"{name}{end}" for name in names for end in ("", *SHADOWS)}


def is_part_of_index(name: str) -> bool:
    """Return whether it is the name of a search index, or of a part of one."""
    tables = SQLModel.metadata.tables.values()
    return any(
        name in {f"{index.name}{end}" for end in ("", *SHADOWS)}
        for table in tables
        for index in table.info.get(SEARCH_INDEX, {}).values()
    )
