"""Litestream copies a SQLite database to a real S3 server while it is written."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.audit.consistency.test_lost_end import export
from tests.databases import ROOT, SqliteTemplate, Template, make_settings
from tests.processes.object_store import BUCKET, credentials, object_store
from tests.processes.servers import TIMEOUT, serving, wait_until
from tests.scripts.backups.conftest import Site
from tests.scripts.backups.restored import check_restored
from tests.scripts.backups.test_backup import skus
from tests.scripts.backups.test_drill import Load

pytestmark = pytest.mark.heavy
PROGRAMS = Path(sys.executable).parent  # Python packages bring them
CONFIGURATION = ROOT / "scripts/deploy/litestream.yml"
LITESTREAM = PROGRAMS / "litestream"
KEYS = credentials("owner")
# Without AWS_CA_BUNDLE, with which Litestream 0.5 does not start.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "LITESTREAM_ACCESS_KEY_ID": KEYS["AWS_ACCESS_KEY_ID"],
    "LITESTREAM_SECRET_ACCESS_KEY": KEYS["AWS_SECRET_ACCESS_KEY"],
}
Process = subprocess.Popen[bytes]


@contextmanager
def running(*words: str, log: Path) -> Iterator[Process]:
    """Run a program, and kill it on exit."""
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, env=ENVIRONMENT)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def endpoint(template: Template, tmp_path: Path) -> Iterator[str]:
    """The URL of an S3 server."""
    if not isinstance(template, SqliteTemplate):
        pytest.skip("Litestream is for SQLite")
    folder = tmp_path / "store"
    folder.mkdir()
    with object_store(folder) as server:
        yield server.environment["AWS_ENDPOINT_URL"]


def configured(site: Site, endpoint: str) -> str:
    """Return the path of the guide's file with the addresses of the test."""
    text, file = CONFIGURATION.read_text(), site.folder / "litestream.yml"
    for shown, own in (
        ("/var/lib/backoffice/app.db", path_of(site)),
        ("https://s3.example.com", endpoint),
        ("backoffice-backup", BUCKET),
    ):
        assert text.count(shown) == 1
        text = text.replace(shown, own)
    file.write_text(text)
    return str(file)


class Copied:
    """A database, and its copy in the bucket."""

    def __init__(self, site: Site, endpoint: str) -> None:
        self.file, self.path = configured(site, endpoint), path_of(site)

    def replicating(self, log: Path) -> AbstractContextManager[Process]:
        words = (str(LITESTREAM), "replicate", "-config", self.file)
        return running(*words, log=log)

    def restore(self, target: str) -> None:
        words = (LITESTREAM, "restore", "-config", self.file, "-o", target, self.path)
        options: Any = {
            "env": ENVIRONMENT,
            "timeout": TIMEOUT,
            "stderr": subprocess.PIPE,
        }
        subprocess.run(words, check=True, **options)

    def has(self, acknowledged: set[str], folder: Path) -> bool:
        """Return whether all of them can be restored."""
        target = folder / f"{uuid4().hex}.db"
        try:
            self.restore(str(target))
        except subprocess.CalledProcessError:  # there is nothing yet
            return False
        url = f"sqlite:///{target}"
        return acknowledged <= set(skus(make_settings(url)))


def path_of(site: Site) -> str:
    return site.url.removeprefix("sqlite:///")


def test_a_database_that_was_lost_is_restored_from_the_bucket(
    site: Site, other_site: Site, endpoint: str, tmp_path: Path
) -> None:
    """All is killed under load. The spool and the seal file are on another disk."""
    export(site.audit_log, site.seals)
    copied = Copied(site, endpoint)
    with (
        serving(site.url, tmp_path, **site.values) as server,
        copied.replicating(tmp_path / "litestream.log") as process,
        Load(server) as load,
    ):
        load.wait_for(30)
        acknowledged = set(load.created)
        wait_until(lambda: copied.has(acknowledged, tmp_path), "They are not copied")
        process.kill()
        load.wait_for(len(load.created) + 30)
    export(site.audit_log, site.seals)
    shutil.copytree(
        site.folder / "spool", other_site.folder / "spool", dirs_exist_ok=True
    )
    shutil.copy(site.seals, other_site.seals)

    copied.restore(path_of(other_site))
    check_restored(other_site, load, acknowledged, tmp_path)


def test_the_guide_shows_the_file() -> None:
    assert CONFIGURATION.read_text() in (ROOT / "docs/BACKUP.md").read_text()
