"""Contractions: what a migration takes from the release before, by the schemas.

A rename is a drop. Triggers, and what a migration does to rows, are not compared.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, NamedTuple

from alembic.command import upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.types import TypeEngine

from app.core.db.compatibility.releases import COMPATIBLE
from app.core.db.engine import make_engine
from app.core.db.partitions import partition_names
from app.core.db.search.index import is_part_of_index
from tests.core.db.filled import ALEMBIC

# A migration names in it what the release before does not use any more.
CONTRACTS = "contracts"


class Column(NamedTuple):
    type: TypeEngine[Any]
    nullable: bool
    has_default: bool

    @property
    def is_required(self) -> bool:
        return not self.nullable and not self.has_default


class Table(NamedTuple):
    columns: dict[str, Column]
    rules: set[str]  # which reject rows


Schema = dict[str, Table]


def read_schema(connection: Connection) -> Schema:
    inspector, hidden = inspect(connection), partition_names(connection)
    names = {*inspector.get_table_names()} - hidden - ALEMBIC
    return {
        name: Table(
            {
                it["name"]: Column(
                    it["type"], it["nullable"], it.get("default") is not None
                )
                for it in inspector.get_columns(name)
            },
            {*rules(inspector, name)},
        )
        for name in names
        if not is_part_of_index(name)
    }


def rules(inspector: Any, table: str) -> Iterator[str]:
    keys = [each["column_names"] for each in inspector.get_unique_constraints(table)]
    indexes = inspector.get_indexes(table)
    keys += [each["column_names"] for each in indexes if each["unique"]]
    yield from (f"unique {table}.{'+'.join(sorted(map(str, key)))}" for key in keys)
    for each in inspector.get_check_constraints(table):
        yield f"check {table}.{each['name']}"
    for each in inspector.get_foreign_keys(table):
        yield f"reference {table}.{'+'.join(each['constrained_columns'])}"


def contractions(before: Schema, after: Schema) -> Iterator[str]:
    """Yield what the release before could read or write, and no longer can."""
    for name, table in before.items():
        if name not in after:
            yield f"drop table {name}"
            continue
        now = after[name]
        for column in table.columns.keys() | now.columns.keys():
            old, new = table.columns.get(column), now.columns.get(column)
            if change := changed(old, new):
                yield f"{change} {name}.{column}"
        fresh = now.columns.keys() - table.columns.keys()
        for rule in now.rules - table.rules:
            # A rule about new columns alone meets NULL or their default.
            if not {*rule.partition(".")[2].split("+")} <= fresh:
                yield rule


def changed(old: Column | None, new: Column | None) -> str | None:
    if new is None:
        return "drop column"
    if old is None:
        return "require column" if new.is_required else None
    if old.nullable and not new.nullable:
        return "require column"
    if new.is_required and not old.is_required:
        return "drop default of"
    return None if holds(new.type, old.type) else "narrow column"


def holds(new: TypeEngine[Any], old: TypeEngine[Any]) -> bool:
    """Return whether the new type has all values of the old one."""
    if str(new) == str(old):
        return True
    kinds = (type(new), type(old))
    lengths = [getattr(each, "length", None) for each in (new, old)]
    is_text = kinds[0] is kinds[1] and hasattr(new, "length")
    return is_text and (lengths[0] or 1 << 30) >= (lengths[1] or 1 << 30)


def complaints(config: Config) -> list[str]:
    """Upgrade to the head, and return what a compatible migration may not do unsaid."""
    return asyncio.run(find(config))


async def find(config: Config) -> list[str]:
    engine = make_engine(config.attributes["settings"], create=True)
    found: list[str] = []
    try:
        async with engine.connect() as connection:
            before = await connection.run_sync(read_schema)
            current = await connection.run_sync(read_revision)
        for script in newer(config, current):
            await asyncio.to_thread(upgrade, config, script.revision)
            async with engine.connect() as connection:
                after = await connection.run_sync(read_schema)
            found += complaints_about(script, {*contractions(before, after)})
            before = after
    finally:
        await engine.dispose()
    return found


def read_revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or "base"


def newer(config: Config, revision: str) -> list[Script]:
    """Return the migrations after this one, the oldest first."""
    scripts = ScriptDirectory.from_config(config)
    return [*scripts.walk_revisions(revision)][::-1][revision != "base" :]


def complaints_about(script: Script, found: set[str]) -> Iterator[str]:
    if not getattr(script.module, COMPATIBLE, False):
        return
    said = set(getattr(script.module, CONTRACTS, ()))
    for each in sorted(found - said):
        yield f"{script.revision} says that it is compatible: {each}"
    for each in sorted(said - found):
        yield f"{script.revision} does not do what it says: {each}"
