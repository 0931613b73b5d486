"""Statements of the store of keys in PostgreSQL."""

from sqlalchemy import text

TABLE = """
CREATE TABLE personal_key (
    id uuid PRIMARY KEY, subject uuid, key text, erased_at timestamptz)
"""
INDEX = "CREATE INDEX personal_key_subject ON personal_key (subject)"
ADD = "INSERT INTO personal_key (id, key) VALUES (:id, :key)"
FIND = text("SELECT id, key FROM personal_key WHERE id = ANY(:ids)")
ACTIVE = text("""
SELECT subject, id, key FROM personal_key WHERE subject = ANY(:ids) AND key IS NOT NULL
""")
ERASED = text("""
SELECT subject FROM personal_key WHERE subject = ANY(:ids) AND key IS NULL
""")
ALL_ERASED = text("""
SELECT DISTINCT subject FROM personal_key erased
WHERE key IS NULL AND subject IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM personal_key WHERE subject = erased.subject AND key IS NOT NULL)
""")
ASSIGN = text("""
UPDATE personal_key SET subject = given.subject
FROM unnest(CAST(:ids AS uuid[]), CAST(:subjects AS uuid[])) AS given (id, subject)
WHERE personal_key.id = given.id RETURNING personal_key.id
""")
DESTROY = text("""
UPDATE personal_key SET key = NULL, erased_at = now()
WHERE (subject = :subject OR id = ANY(:ids)) AND key IS NOT NULL RETURNING id
""")
VACUUM = "VACUUM personal_key"  # dead rows have the keys
