"""Queries of all that a database has of guarantees, one for each dialect."""

from sqlalchemy import text

SQLITE = text("""
SELECT type AS kind, name, sql AS definition, NULL AS function, 1 AS enabled,
    tbl_name AS on_table
FROM sqlite_master WHERE type IN ('trigger', 'table')
""")
# `A` fires always, `D` never, `R` in sessions that apply replicated changes, `O` in all
# others: a role or database that is SET to be one of the former disables it.
POSTGRESQL = text(r"""
SELECT 'trigger' AS kind, t.tgname::text AS name,
    pg_get_triggerdef(t.oid, true) AS definition,
    replace(
        pg_get_functiondef(t.tgfoid),
        'FUNCTION ' || quote_ident(n.nspname) || '.', 'FUNCTION '
    ) AS function,
    t.tgenabled = 'A' OR t.tgenabled =
        CASE current_setting('session_replication_role')
        WHEN 'replica' THEN 'R'::"char" ELSE 'O'::"char" END AS enabled,
    c.relname::text AS on_table
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'check', conname::text, pg_get_constraintdef(oid, true), NULL, convalidated,
    NULL
FROM pg_constraint
WHERE contype = 'c' AND connamespace = current_schema()::regnamespace
UNION ALL
SELECT 'index', relname::text, NULL, NULL, indisvalid, NULL
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relname LIKE 'ix\_%\_search' AND relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'table', relname::text, NULL, NULL, true, NULL
FROM pg_class WHERE relkind IN ('r', 'p')
    AND relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'partition', c.relname::text, p.relname::text, NULL, true, NULL
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
JOIN pg_class p ON p.oid = inhparent
WHERE p.relkind IN ('r', 'p') AND p.relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'rule', rulename::text, NULL, NULL, true, relname::text
FROM pg_rewrite JOIN pg_class c ON c.oid = ev_class
WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'row-level security', relname::text, NULL, NULL, true, relname::text
FROM pg_class WHERE relrowsecurity AND relnamespace = current_schema()::regnamespace
""")
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
