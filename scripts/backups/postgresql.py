"""Copies of a database of PostgreSQL, by its own programs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url

from app.core.startup.database_urls import IGNORED
from scripts.backups.exceptions import BackupException

SCRATCH = "_backup_check"
MAX_NAME = 63  # bytes
TABLES = """
SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema)'
"""


class PostgresqlDatabase:
    copy_name = "app.dump"

    def __init__(self, url: str) -> None:
        self.url = make_url(url)

    def dump(self, target: Path) -> None:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
        self.execute("pg_dump", "--format=custom", f"--file={target}", self.option())
        with target.open("rb") as file:
            os.fsync(file.fileno())

    @contextmanager
    def opened(self, copy: Path) -> Iterator[str]:
        """Restore the copy beside the database; yield the URL, and drop it."""
        name = f"{str(self.url.database)[: MAX_NAME - len(SCRATCH)]}{SCRATCH}"
        server = f"--maintenance-db={conninfo(self.url)}"
        drop = ("dropdb", "--if-exists", "--force", server, name)
        self.execute(*drop)
        self.execute("createdb", "--template=template0", server, name)
        scratch = self.url.set(database=name)
        try:
            PostgresqlDatabase(scratch.render_as_string(hide_password=False)).read(copy)
            yield scratch.render_as_string(hide_password=False)
        finally:
            self.execute(*drop)

    def check_free(self) -> None:
        """Raise BackupException if the database has tables, or does not exist."""
        options = ("--no-psqlrc", "--tuples-only", f"--command={TABLES}")
        if int(self.execute("psql", *options, self.option())):
            raise BackupException(
                f"The database {self.url.database} has tables, and nothing is "
                "overwritten. Rename it, and create an empty one with `createdb`"
            )

    def load(self, copy: Path) -> None:
        """Restore the copy in one transaction."""
        self.check_free()
        self.read(copy)

    def read(self, copy: Path) -> None:
        self.execute(
            "pg_restore",
            "--single-transaction",
            "--exit-on-error",
            self.option(),
            str(copy),
        )

    def option(self) -> str:
        return f"--dbname={conninfo(self.url)}"

    def execute(self, *words: str) -> str:
        """Run a program; its arguments have no password, which others could read."""
        env = dict(os.environ)
        if self.url.password:
            env["PGPASSWORD"] = self.url.password
        try:
            done = subprocess.run(
                words, env=env, check=True, capture_output=True, text=True
            )
        except FileNotFoundError:
            raise BackupException(
                f"{words[0]} is not installed: install the client programs of "
                "PostgreSQL, in the version of the server"
            ) from None
        except subprocess.CalledProcessError as error:
            raise BackupException(f"{words[0]}: {error.stderr.strip()}") from None
        return done.stdout


def conninfo(url: URL) -> str:
    """Return the address as libpq spells it, without the password."""
    query = {name: value for name, value in url.query.items() if name not in IGNORED}
    hosts = query.pop("host", None) or url.host or ()
    pairs = [
        split_port(each) for each in ([hosts] if isinstance(hosts, str) else hosts)
    ]
    port = str(query.pop("port", None) or url.port or "")
    values = {
        "host": ",".join(host for host, _ in pairs),
        "port": ",".join(own or port for _, own in pairs) if pairs else port,
        "user": url.username,
        "dbname": url.database,
        **{name: str(value) for name, value in query.items()},
    }
    return " ".join(f"{name}={quote(value)}" for name, value in values.items() if value)


def split_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdecimal() else (host, "")


def quote(value: str) -> str:
    return "'{}'".format(value.replace("\\", r"\\").replace("'", r"\'"))
