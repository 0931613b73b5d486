"""Mapping checks: an unauditable mapping stops the application at its start."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

# In another process, because a mapped entity would remain for all other tests.
START = """
from enum import StrEnum
from typing import ClassVar
from uuid import UUID
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlmodel import Column, Field, Relationship
from app.audit.changes.install import install_cdc
from app.core.config import settings
from app.core.db.database import Database
from app.core.models import Entity

class Shade(StrEnum):
    DARK = "dark"

class Link(Entity, table=True):
    one_id: UUID = Field(foreign_key="one.id")
    two_id: UUID = Field(foreign_key="two.id")

class Two(Entity, table=True):
    name: str

class One(Entity, table=True):
    two_id: UUID = Field(foreign_key="two.id")
    {line}

install_cdc(Database(settings), settings)
"""


def start(line: str) -> str:
    source = START.format(line=line)
    command = [sys.executable, "-c", source]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('x: UUID = Field(foreign_key="two.id", ondelete="CASCADE")', "ON DELETE"),
        (
            'x: UUID | None = Field(foreign_key="two.id", ondelete="SET NULL")',
            "ON DELETE",
        ),
        (
            'x: UUID = Field(sa_column=Column(ForeignKey("two.id", '
            'onupdate="CASCADE")))',
            "ON UPDATE",
        ),
        ("twos: list[Two] = Relationship(link_model=Link)", "link table"),
        (
            "two: Two = Relationship(sa_relationship_kwargs={'post_update': True})",
            "post_update",
        ),
        (
            'name: str = Field(sa_column_kwargs={"name": "one_name"})',
            "One.name: the change log can't record",
        ),
        (
            'name: str = Field(sa_column_kwargs={"key": "one_name"})',
            "One.name: the change log can't record",
        ),
        (
            'name: str = Field(sa_column_kwargs={"unique": True, '
            '"sqlite_on_conflict_unique": "REPLACE"})',
            "ON CONFLICT",
        ),
        (
            "__table_args__ = (UniqueConstraint('two_id', "
            "sqlite_on_conflict='IGNORE'),)",
            "ON CONFLICT",
        ),
        ("shade: Shade = Shade.DARK", "enum_column(Shade)"),
        (
            "former_entities: ClassVar = frozenset({'Two'})",
            "Two: the change log can't tell apart",
        ),
        ("name: str", None),
    ],
)
def test_an_unauditable_mapping_stops_the_start(line: str, reason: str | None) -> None:
    error = start(line)
    assert bool(reason) == ("UnauditableError" in error)
    assert error if reason else error == ""
    assert (reason or "") in error
