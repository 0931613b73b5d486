"""The databases to measure on: in memory where that can be, it is not the disk."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.databases import PostgresTemplate, SqliteTemplate

MEMORY = Path("/dev/shm")  # noqa: S108

Template = SqliteTemplate | PostgresTemplate


class Engine(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


TEMPLATES: dict[Engine, type[Template]] = {
    Engine.SQLITE: SqliteTemplate,
    Engine.POSTGRESQL: PostgresTemplate,
}


@contextmanager
def template_on(engine: Engine) -> Iterator[Template]:
    with (
        TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        closing(TEMPLATES[engine](Path(folder) / engine)) as template,
    ):
        yield template
