"""Steps of the guide after a database was restored from a continuous backup."""

from pathlib import Path

from tests.audit.consistency.test_lost_end import OLDER, export
from tests.processes.servers import serving
from tests.scripts.backups.conftest import Site
from tests.scripts.backups.test_backup import skus
from tests.scripts.backups.test_drill import Load


def check_restored(
    site: Site, load: Load, acknowledged: set[str], folder: Path
) -> None:
    """Check that a site is older than its seal file, has no fault, and is served."""
    found = set(skus(site.settings))
    assert acknowledged <= found < set(load.created)
    checked = site.run("scripts/check_audit.py")
    assert OLDER in checked.output, checked
    begin_seal_file(site)
    checked = site.run("scripts/check_audit.py")
    assert checked.code == 0, checked
    verified = site.run("scripts/archive_audit.py", "verify", "--json")
    assert (verified.code, verified.json["counts"]) == (0, {})
    with serving(site.url, folder, **site.values) as server, server.client() as client:
        server.wait_for("/readyz")
        body = {"sku": "PEN-NEW", "name": "Pen", "price": "1.50"}
        assert client.post("/products", json=body).status_code == 201
    export(site.audit_log, site.seals)
    assert site.run("scripts/check_audit.py").code == 0


def begin_seal_file(site: Site) -> None:
    """Keep the file as evidence, and begin a new one, as the guide says."""
    site.seals.rename(site.seals.with_suffix(".lost"))
    done = site.run("scripts/archive_audit.py", "checkpoint")
    assert done.code == 0, done.errors
    site.seals.write_text(done.output)
