"""archive identity.

Revision: 5e0c9a3d7b14, after c41244e58c02
Created: 2026-11-28 17:20:00.000000+00:00
"""

import sqlalchemy as sa

from alembic import op

revision = "5e0c9a3d7b14"
down_revision = "c41244e58c02"
branch_labels = None
depends_on = None
# The release before must be stopped: it seals and archives by its own rules.
compatible_with_previous = False

# Ids of version 7 are in the order of creation, unless a clock was wrong.
NUMBER_FILES = """
UPDATE audit_archive SET sequence = numbered.place
FROM (
    SELECT id, row_number() OVER (PARTITION BY log ORDER BY id) AS place
    FROM audit_archive
) AS numbered
WHERE numbered.id = audit_archive.id
"""


def upgrade() -> None:
    op.create_table(
        "audit_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_identity")),
    )
    with op.batch_alter_table("audit_archive", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sequence", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True)
        )
    op.execute(NUMBER_FILES)


def downgrade() -> None:
    with op.batch_alter_table("audit_archive", schema=None) as batch_op:
        batch_op.drop_column("adopted_at")
        batch_op.drop_column("sequence")

    op.drop_table("audit_identity")
