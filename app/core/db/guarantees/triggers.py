"""Creation of triggers by a migration, also offline."""

from alembic.operations import Operations

from app.core.db.guarantees.definitions import Trigger
from app.core.db.guarantees.search_index import triggers_of

ON_PARTITIONS = """
DO $restore$
DECLARE partition text;
BEGIN
    FOR partition IN
        SELECT c.relname::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent = '{table}'::regclass
    LOOP
        EXECUTE replace('{drop}', '{table}', partition);
        EXECUTE replace($create${create}$create$, '{table}', partition);
    END LOOP;
END
$restore$
"""


def create_trigger(operations: Operations, trigger: Trigger) -> None:
    if trigger.function:
        operations.execute(trigger.function.create)
    operations.execute(drop_statement(trigger))
    operations.execute(trigger.create)


def drop_statement(trigger: Trigger) -> str:
    on_table = f" ON {trigger.table}" if trigger.function else ""
    return f"DROP TRIGGER IF EXISTS {trigger.name}{on_table}"


def write_triggers(operations: Operations, table: str) -> None:
    """Recreate all of the table's triggers: offline there is nothing to compare.

    The script finds the table's partitions when it runs.
    """
    for trigger in triggers_of(operations, table):
        create_trigger(operations, trigger)
        if trigger.function:
            drop, create = drop_statement(trigger), trigger.create
            block = ON_PARTITIONS.format(table=table, drop=drop, create=create)
            operations.execute(block)
