"""Triggers that make the logs append-only, for SQLite and PostgreSQL.

They reject UPDATE, DELETE and TRUNCATE. The exception is a transaction of the archiver,
which has a row in `audit_pruning` and may delete. Compared with the database as text:
change them only with a migration that calls `op.restore_guarantees()`.
"""

from app.core.db.guarantees.definitions import Function, Trigger, TriggersByDialect

MESSAGE = "The audit log can only be added to"
# SQLite's REPLACE deletes the rows that it replaces without a DELETE trigger.
REPLACED = """
CREATE TRIGGER {table}_no_REPLACE BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
BEGIN SELECT RAISE({end}); END
"""
SQLITE = """
CREATE TRIGGER {name} BEFORE {verb} ON {table}
WHEN NOT EXISTS (SELECT 1 FROM audit_pruning) OR '{verb}' = 'UPDATE'
BEGIN SELECT RAISE(ABORT, '{message}'); END
"""
FUNCTION = Function(
    "audit_append_only",
    """
CREATE OR REPLACE FUNCTION audit_append_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP <> 'DELETE' OR NOT EXISTS (SELECT 1 FROM audit_pruning) THEN
        RAISE EXCEPTION 'The audit log can only be added to'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $function$
""",
)
POSTGRESQL = """
CREATE TRIGGER {name} BEFORE DELETE OR UPDATE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
"""


def append_only(table: str, *same: str, repeats: bool = False) -> TriggersByDialect:
    """Return the triggers of an append-only table, for `Table.info`.

    A row with an id that exists, or with the same values of the unique columns `same`,
    is an error, or is left out if the table's rows may be inserted again (`repeats`).
    """
    changes = [sqlite_trigger(table, verb) for verb in ("UPDATE", "DELETE")]
    return {
        "sqlite": (*changes, no_replacement(table, same, repeats=repeats)),
        "postgresql": (postgresql_trigger(table),),
    }


def sqlite_trigger(table: str, verb: str) -> Trigger:
    name = f"{table}_no_{verb}"
    create = SQLITE.format(name=name, table=table, verb=verb, message=MESSAGE)
    return Trigger(name, table, create)


def no_replacement(table: str, columns: tuple[str, ...], *, repeats: bool) -> Trigger:
    same = "id = NEW.id"
    if columns:
        equal = " AND ".join(f"{name} = NEW.{name}" for name in columns)
        same = f"{same} OR ({equal})"
    end = "IGNORE" if repeats else f"ABORT, '{MESSAGE}'"
    create = REPLACED.format(table=table, same=same, end=end)
    return Trigger(f"{table}_no_REPLACE", table, create)


def postgresql_trigger(table: str) -> Trigger:
    name = f"{table}_append_only"
    return Trigger(name, table, POSTGRESQL.format(name=name, table=table), FUNCTION)
