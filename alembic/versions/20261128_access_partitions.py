"""access partitions.

Revision: 5b1f0c9d7e24, after 5d0c7b1e9a34
Created: 2026-11-28 17:20:00.000000+00:00

Two of its indexes shrink to the rows that queries find by them.

PostgreSQL: audit_access is partitioned by the month of its id, a UUIDv7. A filled table
is not copied: it becomes the partition of all ids before the month after next.
"""

from alembic import op

revision = "5b1f0c9d7e24"
down_revision = "5d0c7b1e9a34"
branch_labels = None
depends_on = None
# The release before inserts into audit_access and deletes from it by that name.
compatible_with_previous = True

MONTHS = 24
THIS_MONTH = "date_trunc('month', now() AT TIME ZONE 'UTC')"
# The lowest UUIDv7 of a month: its milliseconds, then zeros.
FIRST_ID = """
(lpad(to_hex((extract(epoch FROM {month}) * 1000)::bigint), 12, '0')
|| repeat('0', 20))::uuid
"""
END = FIRST_ID.format(month=f"({THIS_MONTH} + interval '2 months')")

# Rows are never updated. By default an insert-only table is vacuumed when it has grown
# by 20 %: then all that growth at once, and again, whole, to prevent wraparound. So
# vacuum after every 100 000 rows, which reads the new pages only, and freeze them.
INSERTS = """
autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
autovacuum_freeze_min_age = 0
"""
# A daily run deletes well below 1 % of the changes; by default their space would be
# used again after 20 % are dead. Statistics follow the newest times.
DELETES = """
autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
autovacuum_analyze_scale_factor = 0.02
"""
PARAMETERS = (
    "autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold, "
    "autovacuum_freeze_min_age, autovacuum_vacuum_scale_factor, "
    "autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor"
)

# Short steps, each in its own transaction, and repeatable. Only the last one reads the
# table, under a lock that admits reads and writes. Without the constraint (if ids are
# beyond the end) the table is read while it is locked.
BOUND = (
    "ALTER TABLE audit_access DROP CONSTRAINT IF EXISTS audit_access_before_months",
    f"""
DO $$
BEGIN
    -- This reads the end of the index; EXISTS could read the table.
    IF coalesce((SELECT id FROM audit_access ORDER BY id DESC LIMIT 1) < {END}, true)
    THEN
        EXECUTE format('ALTER TABLE audit_access ADD CONSTRAINT '
            'audit_access_before_months CHECK (id < %L) NOT VALID', {END});
    END IF;
END $$
""",  # noqa: S608  No value is from outside.
    """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'audit_access_before_months')
    THEN
        ALTER TABLE audit_access VALIDATE CONSTRAINT audit_access_before_months;
    END IF;
END $$
""",
)

# Put a table with the same columns, defaults, indexes and trigger in place of
# audit_access, which keeps its rows under another name.
REPLACE = """
DO $$
DECLARE
    index record;
    definitions text[] := '{{}}';
    definition text;
BEGIN
    FOR index IN
        SELECT relname::text AS name, pg_get_indexdef(indexrelid) AS definition
        FROM pg_index JOIN pg_class ON oid = indexrelid
        WHERE indrelid = 'audit_access'::regclass AND NOT indisprimary
    LOOP
        definitions := definitions || index.definition;
        EXECUTE format('ALTER INDEX %I RENAME TO %I', index.name,
            replace(index.name, 'audit_access', '{old}'));
    END LOOP;
    ALTER TABLE audit_access RENAME CONSTRAINT pk_audit_access TO pk_{old};
    ALTER TRIGGER audit_access_append_only ON audit_access
        RENAME TO {old}_append_only;
    ALTER TABLE audit_access RENAME TO {old};
    CREATE TABLE audit_access (LIKE {old} INCLUDING DEFAULTS) {partition_by};
    ALTER TABLE audit_access ADD CONSTRAINT pk_audit_access PRIMARY KEY (id);
    FOREACH definition IN ARRAY definitions LOOP
        EXECUTE replace(definition, ' ON ONLY ', ' ON ');
    END LOOP;
END $$
"""
TRIGGER = """
CREATE TRIGGER {table}_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
"""
DEFAULT = f"""
CREATE TABLE audit_access_default PARTITION OF audit_access DEFAULT WITH ({INSERTS})
"""
DROP_EMPTY = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_access_old) THEN
        DROP TABLE audit_access_old;
    END IF;
END $$
"""
# Ids beyond the end are from a wrong clock: they go to their months, or to the default
# partition, before the old table is attached.
ATTACH = f"""
DO $$
BEGIN
    IF to_regclass('audit_access_old') IS NULL THEN
        RETURN;
    END IF;
    IF (SELECT id FROM audit_access_old ORDER BY id DESC LIMIT 1) >= {END} THEN
        INSERT INTO audit_pruning VALUES ('00000000-0000-0000-0000-000000000000');
        WITH moved AS (DELETE FROM audit_access_old WHERE id >= {END} RETURNING *)
        INSERT INTO audit_access SELECT * FROM moved;
        DELETE FROM audit_pruning
        WHERE id = '00000000-0000-0000-0000-000000000000';
    END IF;
    EXECUTE format('ALTER TABLE audit_access ATTACH PARTITION audit_access_old '
        'FOR VALUES FROM (MINVALUE) TO (%L)', {END});
    ALTER TABLE audit_access_old
        DROP CONSTRAINT IF EXISTS audit_access_before_months;
    ALTER TABLE audit_access_old SET ({INSERTS});
END $$
"""  # noqa: S608  No value is from outside.
CREATE_MONTHS = f"""
DO $$
DECLARE
    first int := CASE WHEN to_regclass('audit_access_old') IS NULL THEN 0 ELSE 2 END;
    month timestamp;
    name text;
BEGIN
    FOR number IN first .. first + {MONTHS - 1} LOOP
        month := {THIS_MONTH} + number * interval '1 month';
        name := 'audit_access_' || to_char(month, 'YYYY_MM');
        EXECUTE format('CREATE TABLE %I PARTITION OF audit_access '
            'FOR VALUES FROM (%L) TO (%L) WITH ({" ".join(INSERTS.split())})', name,
            {FIRST_ID.format(month="month")},
            {FIRST_ID.format(month="(month + interval '1 month')")});
        EXECUTE format('{" ".join(TRIGGER.format(table="%1$I").split())}', name);
    END LOOP;
END $$
"""


# Built beside the writes on PostgreSQL, under another name until the whole is replaced.
PARTIAL = {
    "user_id": "user_id IS NOT NULL",
    "status": "status >= 400",
}
CREATE_PARTIAL = (
    "DROP INDEX {concurrently} IF EXISTS ix_audit_access_partial_{column}",
    "CREATE INDEX {concurrently} ix_audit_access_partial_{column} "
    "ON audit_access ({column}, at) WHERE {where}",
)
REPLACE_INDEX = (
    "DROP INDEX ix_audit_access_{column}_at",
    "ALTER INDEX ix_audit_access_partial_{column} "
    "RENAME TO ix_audit_access_{column}_at",
)


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for column, where in PARTIAL.items():
            op.drop_index(f"ix_audit_access_{column}_at", "audit_access")
            op.execute(
                f"CREATE INDEX ix_audit_access_{column}_at "
                f"ON audit_access ({column}, at) WHERE {where}"
            )
        return
    with op.get_context().autocommit_block():
        for statement in BOUND:
            op.execute(statement)
        for column, where in PARTIAL.items():
            for statement in CREATE_PARTIAL:
                op.execute(
                    statement.format(
                        column=column, where=where, concurrently="CONCURRENTLY"
                    )
                )
    for column in PARTIAL:
        for statement in REPLACE_INDEX:
            op.execute(statement.format(column=column))
    op.execute(
        REPLACE.format(old="audit_access_old", partition_by="PARTITION BY RANGE (id)")
    )
    op.execute(TRIGGER.format(table="audit_access"))
    op.execute(DEFAULT)
    op.execute(TRIGGER.format(table="audit_access_default"))
    op.execute(DROP_EMPTY)
    op.execute(CREATE_MONTHS)
    op.execute(ATTACH)
    op.execute(f"ALTER TABLE audit_change SET ({INSERTS}, {DELETES})")


def downgrade() -> None:
    """Copy all rows into one table, which takes its time and loses none."""
    for column in PARTIAL:
        op.drop_index(f"ix_audit_access_{column}_at", "audit_access")
    if op.get_context().dialect.name == "sqlite":
        create_whole_indexes()
        return
    op.execute(f"ALTER TABLE audit_change RESET ({PARAMETERS})")
    op.execute(REPLACE.format(old="audit_access_dropped", partition_by=""))
    op.execute("INSERT INTO audit_access SELECT * FROM audit_access_dropped")
    op.execute(TRIGGER.format(table="audit_access"))
    op.execute("DROP TABLE audit_access_dropped")
    create_whole_indexes()


def create_whole_indexes() -> None:
    for column in PARTIAL:
        op.create_index(f"ix_audit_access_{column}_at", "audit_access", [column, "at"])
