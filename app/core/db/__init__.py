"""Database engine, column types, queries and error translation."""

from sqlmodel import SQLModel

# Name every constraint, so that a migration can drop it by name. Set here because each
# module that defines a table imports from this package first.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
