"""Tables that an SQL text writes to, as each database reads it."""

import pytest

from app.audit.changes.sql.writes import find_writes

BOTH = ("sqlite", "postgresql")
READS = (
    "SELECT pages FROM book FOR UPDATE OF book SKIP LOCKED",
    "SELECT pages FROM book FOR NO KEY UPDATE",
    "SELECT 'UPDATE book SET pages = 2', \"delete from book\" FROM author",
    "SELECT 1 -- UPDATE book",
    "/* DELETE FROM book */ SELECT replace(title, 'a', 'b') FROM book",
    "SELECT book.update, delete FROM book",
    "EXPLAIN UPDATE book SET pages = 2",
    "CREATE TABLE x (id int REFERENCES book ON DELETE CASCADE ON UPDATE CASCADE)",
    "CREATE UNIQUE INDEX IF NOT EXISTS i ON book (title)",
    'PRAGMA main.table_info("book")',
    "SET LOCAL statement_timeout = 0",
    "SELECT set_config('work_mem', '64MB', true)",
    "SAVEPOINT x; RELEASE SAVEPOINT x; COMMIT",
    "",
)
WRITES = {
    "-- for\nUPDATE book SET pages = 2": ["book"],
    "INSERT INTO book (id) VALUES (1) ON CONFLICT DO UPDATE SET pages = 2": ["book"],
    "INSERT OR REPLACE INTO main.book VALUES (1)": ["book"],
    'UPDATE OR IGNORE "BOOK" SET pages = 2': ["BOOK"],
    "DELETE FROM other.book": ["other.book"],
    "WITH x AS (DELETE FROM a RETURNING id), y AS (UPDATE b SET c = 1) "
    "INSERT INTO d SELECT * FROM x": ["a", "b", "d"],
    "SELECT * INTO copy FROM book": ["copy"],
    "TRUNCATE TABLE public.book": ["book"],
    "DROP TABLE IF EXISTS book": ["book"],
    "CREATE OR REPLACE VIEW v AS SELECT 1": ["v"],
    "CREATE TABLE temp.book (id int)": ["temp.book"],
    "PRAGMA writable_schema = 1": ["writable_schema"],
    "SELECT set_config('standard_conforming_'||'strings', 'off', true)": ["set_config"],
    "SELECT set_config('a.b', '', true), set_config('ro'||'le', 'x', true)": [
        "set_config"
    ],
    "SELECT set_config('search_' -- x\n'path', 'other', true)": ["set_config"],
    "SELECT pg_catalog.set_config(lower('ROLE'), 'x', true)": ["pg_catalog.set_config"],
    "SELECT query_to_xml('SELECT 1', true, true, '')": ["query_to_xml"],
    "SELECT * FROM ts_stat('SELECT set_config(''role'', ''x'', true)')": ["ts_stat"],
    'SELECT pg_catalog."ts_rewrite"(x, $$SELECT 1$$)': ["pg_catalog.ts_rewrite"],
    "SELECT 'unterminated": ["select"],
    "UPDATE /* a": ["update"],
}
# The same text has another meaning.
DIFFERENT = {
    "SELECT 1 /* /* */ */; UPDATE book SET pages = 2 -- */": (["book"], ["book"]),
    "/* /* */ UPDATE book SET pages = 2 /* */ */": (["book"], []),
    "SELECT 1; -- x\rUPDATE book SET pages = 2": ([], ["book"]),
    r"SELECT E'\' UPDATE book SET pages = 2 --'": (["book"], []),
    r"SELECT '\'; UPDATE book SET pages = 2 --'": (["book"], ["book"]),
    "SELECT E'a'\n'\\'; DELETE FROM book --'": (["book"], []),
    "SELECT $$'$$; UPDATE book SET pages = 2 --'": ([], ["book"]),
    "SELECT 1, $a$; DELETE FROM book; $a$": (["book"], []),
    r"SELECT set_config(E'search\x5fpath', 'x', true)": (["set_config"],) * 2,
    r'SET U&"search\005fpath" = other': (["u"], ["set"]),
    """SET U&"search!005fpath" UESCAPE '!' = other""": ([], ["set"]),
    r"""SELECT U&"set\005fconfig"('role', 'x', true)""": ([], ["select"]),
    "SET SCHEMA 'other'": (["other"], ["other"]),
    "UPDATE 'book' SET pages = 2": (["book"], ["book"]),
    "UPDATE [book] SET pages = 2": (["book"], ["book"]),
    "UPDATE `book` SET pages = 2": (["book"], ["book"]),
    "UPDATE ONLY (book) SET pages = 2": (["only"], ["book"]),
    'UPDATE U&"b\\006fok" SET pages = 2': (["u"], ["update"]),
    "WITH x AS (SELECT 1) \ufeffUPDATE book SET pages = 2": (["book"], []),
    "SELECT $a('), 1 INTO book --'": (["book"], []),
}


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize("sql", READS)
def test_a_read_is_no_write(sql: str, dialect: str) -> None:
    assert find_writes(sql, dialect) == ()


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize("sql", WRITES)
def test_each_write_is_found(sql: str, dialect: str) -> None:
    if dialect == "sqlite" and sql.endswith("/* a"):
        pytest.skip("SQLite ends the comment with the text")
    assert [write.table for write in find_writes(sql, dialect)] == WRITES[sql]


@pytest.mark.parametrize("sql", DIFFERENT)
def test_a_text_is_read_as_its_database_reads_it(sql: str) -> None:
    found = [[each.table for each in find_writes(sql, name)] for name in BOTH]
    assert tuple(found) == DIFFERENT[sql]
