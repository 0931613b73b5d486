"""Point-in-time recovery of PostgreSQL from a base backup and archived writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.audit.consistency.test_lost_end import export
from tests.databases import PostgresTemplate, Template, memory
from tests.processes.servers import serving, wait_until
from tests.processes.standby import Standby, copy_of
from tests.scripts.backups.conftest import Site, programs_of
from tests.scripts.backups.restored import check_restored
from tests.scripts.backups.test_drill import Load

pytestmark = pytest.mark.heavy
ARCHIVING = "-c archive_mode=on"
COPY = "test ! -f {folder}/%f && cp %p {folder}/%f"
RECOVERY = """
restore_command = 'cp {folder}/%f %p'
recovery_target_time = '{moment}'
recovery_target_action = 'promote'
"""
Servers = tuple[Standby, Standby, Path]


@pytest.fixture
def servers(url: str, template: Template) -> Iterator[Servers]:
    """A server that archives its log of writes, a base backup of it, and the folder."""
    if not isinstance(template, PostgresTemplate):
        pytest.skip("SQLite has no server")
    name = str(make_url(url).database)
    with (
        copy_of(template.server, name) as server,
        copy_of(template.server, name) as backup,
        memory() as folder,
    ):
        folder.chmod(0o777)
        server.copy()
        server.start(ARCHIVING)
        command = COPY.format(folder=folder)
        server.execute(f"ALTER SYSTEM SET archive_command = '{command}'")
        server.execute("SELECT pg_reload_conf()")
        backup.copy(str(server.folder))
        yield server, backup, folder


def archive_all(server: Standby) -> None:
    name = server.execute("SELECT pg_walfile_name(pg_switch_wal())")
    last = "SELECT last_archived_wal FROM pg_stat_archiver"
    wait_until(lambda: (server.execute(last) or "") >= name, "It is not archived")


def recover(backup: Standby, folder: Path, moment: str) -> None:
    """Recover the base backup up to a moment, as the guide says."""
    with (backup.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(RECOVERY.format(folder=folder, moment=moment))
    (backup.data / "recovery.signal").touch()
    backup.start("-c archive_mode=off")
    recovering = "SELECT pg_is_in_recovery()"
    wait_until(lambda: not backup.execute(recovering), "It is still recovering")


def test_a_database_is_recovered_as_of_a_moment(
    servers: Servers, template: Template, tmp_path: Path
) -> None:
    server, backup, folder = servers
    programs = programs_of(template)
    site = Site(server.url, tmp_path / "site", programs)
    export(site.audit_log, site.seals)
    with serving(site.url, tmp_path, **site.values) as own, Load(own) as load:
        load.wait_for(30)
        acknowledged = set(load.created)
        moment = server.execute("SELECT clock_timestamp()::text")
        load.wait_for(len(load.created) + 30)
    export(site.audit_log, site.seals)
    archive_all(server)
    server.kill()

    recover(backup, folder, moment)
    recovered = Site(backup.url, tmp_path / "site", programs)
    check_restored(recovered, load, acknowledged, tmp_path)
