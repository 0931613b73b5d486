"""${message}.

Revision: ${up_revision}, after ${down_revision | comma,n}
Created: ${create_date}
"""

import sqlalchemy as sa

${imports if imports else ""}
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
<% obstacles = config.attributes.get("compatibility_obstacles") %>
# Whether the release before can run with the schema after this migration: if it only
# adds tables, indexes, and columns that are nullable or have a default in the database.
# See "Compatible migrations" in docs/ALEMBIC_GUIDE.md.
% for obstacle in obstacles or ():
# It may fail after: ${obstacle}.
% endfor
compatible_with_previous = ${obstacles == []}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
