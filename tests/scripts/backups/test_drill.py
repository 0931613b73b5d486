"""The drill: a server is backed up while clients write, lost, and restored."""

import shutil
import threading
from pathlib import Path
from time import monotonic, sleep

import pytest

from app.audit.archive.logs import ACCESSES
from tests.audit.archive.adopt.restored import BACKUP_DAY
from tests.audit.archive.rows import make_accesses
from tests.processes.forked import Forked
from tests.processes.servers import Server, serving
from tests.scripts.backups.conftest import Site
from tests.scripts.backups.test_backup import skus

pytestmark = pytest.mark.heavy
WRITERS = 3


class Load:
    """Clients that create products, and remember which were acknowledged."""

    def __init__(self, server: Server) -> None:
        self.server, self.stopped = server, threading.Event()
        self.created: list[str] = []
        self.failures: list[int] = []

    def __enter__(self) -> "Load":
        targets = range(WRITERS)
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in targets]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def run(self, writer: int) -> None:
        number = 0
        with self.server.client() as client:
            while not self.stopped.is_set():
                number += 1
                sku = f"PEN-{writer}-{number}"
                body = {"sku": sku, "name": "Pen", "price": "1.50"}
                response = client.post("/products", json=body)
                if response.status_code == 201:
                    self.created.append(sku)
                else:
                    self.failures.append(response.status_code)

    def wait_for(self, count: int) -> None:
        until = monotonic() + 60
        while len(self.created) < count:
            assert monotonic() < until, self.server.log.read_text()
            sleep(0.01)


def test_a_site_that_was_lost_under_load_is_restored(
    site: Site, other_site: Site, tmp_path: Path
) -> None:
    site.audit_log.add(ACCESSES, make_accesses(days=7))
    site.audit_log.archive(BACKUP_DAY)
    with serving(site.url, tmp_path, **site.values) as server, Load(server) as load:
        load.wait_for(20)
        site.audit_log.seal()
        acknowledged = list(load.created)
        done = site.back_up()
        assert (done.code, done.errors) == (0, "")
        load.wait_for(len(load.created) + 20)
        assert load.failures == []
    assert (site.backups[0] / "identity.json").exists()
    # After the backup, a run archives: the folder has the only copy of its rows.
    site.audit_log.archive()

    shutil.copytree(
        site.folder / "archive", other_site.folder / "archive", dirs_exist_ok=True
    )
    assert other_site.restore(site.backups[0]).code == 0
    adopted = other_site.run("scripts/archive_audit.py", "adopt", "--yes", "--json")
    assert (adopted.code, adopted.errors) == (0, "")
    assert adopted.json["files"]
    assert other_site.run("scripts/check_audit.py").code == 0
    verified = other_site.run("scripts/archive_audit.py", "verify", "--json")
    assert (verified.code, verified.json["counts"]) == (0, {})
    with serving(other_site.url, tmp_path, **other_site.values) as server:
        server.wait_for("/readyz")
    assert set(acknowledged) <= set(skus(other_site.settings)) <= set(load.created)


def test_a_killed_backup_leaves_no_folder_that_looks_complete(
    site: Site, tmp_path: Path
) -> None:
    """The next one takes over its lock and its scratch database."""
    words = ("scripts/backup.py", str(site.folder / "backups"))
    output = tmp_path / "output"
    for _ in range(3):
        before = len(site.backups)
        process = Forked(words, site.environment(), (output, output))
        until = monotonic() + 60
        while len(site.backups) == before and process.poll() is None:
            assert monotonic() < until
            sleep(0.01)
        sleep(0.3 * before)  # in the copy, or in its check
        process.kill()
        process.wait(60)
        sleep(1)  # folders are named by the second
    assert {path.suffix for path in site.backups} <= {".partial", ""}
    complete = [path for path in site.backups if not path.suffix]
    assert all((path / "backup.json").exists() for path in complete)
    assert site.back_up().code == 0
