"""Attacks of a database administrator on the schema of the log and its archive."""

from sqlalchemy import text

from app.audit.archive.logs import ACCESSES, CHANGES
from tests.audit.archive.attacks.acts import rows
from tests.audit.archive.attacks.acts.target import Target

LIVE = "request-20"  # of a row that is not archived
PARTITIONS = text("""
SELECT inhrelid::regclass::text AS name FROM pg_inherits
WHERE inhparent = 'audit_access'::regclass
""")
RENAME = "ALTER TABLE {} RENAME COLUMN {} TO other"


def rename_column_of_log(target: Target) -> None:
    target.define(RENAME.format("audit_change", "request_id"))


def rename_column_of_seals(target: Target) -> None:
    target.define(RENAME.format("audit_seal", "root"))


def rename_column_of_files(target: Target) -> None:
    target.define(RENAME.format("audit_archive", "size"))


def drop_tiles(target: Target) -> None:
    target.define("DROP TABLE audit_tile")


def drop_restored(target: Target) -> None:
    target.define("DROP TABLE audit_change_restored")


def delete_access_and_rename_column(target: Target) -> None:
    rows.delete_access(target)
    rename_column_of_log(target)


def change_row_by_view(target: Target) -> None:
    shown = f"CASE request_id WHEN '{LIVE}' THEN 'x' ELSE reason END AS reason"
    names = (shown if each.name == "reason" else each.name for each in CHANGES.live.c)
    target.define("ALTER TABLE audit_change RENAME TO kept")
    view = f"SELECT {', '.join(names)} FROM kept"  # noqa: S608
    target.define(f"CREATE VIEW audit_change AS {view}")


def move_accesses(target: Target) -> None:
    if not target.is_postgresql:
        target.define("CREATE TABLE kept AS SELECT * FROM audit_access")
        target.execute(ACCESSES.live.delete())
        return
    for row in target.read(PARTITIONS):
        target.define(f"ALTER TABLE audit_access DETACH PARTITION {row['name']}")


def discard_seals(target: Target) -> None:
    trigger = "CREATE TRIGGER discard BEFORE INSERT ON audit_seal"
    if not target.is_postgresql:
        target.define(f"{trigger} BEGIN SELECT RAISE(IGNORE); END")
        return
    body = "AS $$ BEGIN RETURN NULL; END $$"
    target.define(f"CREATE FUNCTION discard() RETURNS trigger LANGUAGE plpgsql {body}")
    target.define(f"{trigger} FOR EACH ROW EXECUTE FUNCTION discard()")
