"""The database: one engine, its two dialects, and what both of them need."""

from sqlmodel import SQLModel

# Name every constraint, so that a migration can drop it by name. Set here, because each
# module with a table imports something of this package before it defines the table.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
