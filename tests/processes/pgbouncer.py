"""PgBouncer in front of a test database, with the file that the guide shows."""

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from tests.databases import ROOT
from tests.processes.servers import TIMEOUT, free_port
from tests.programs import find

CONFIGURATION = ROOT / "scripts/deploy/pgbouncer.ini"
SERVER = "host=10.0.0.20 port=5432 dbname=backoffice"
PASSWORD = "of-the-pooler"
USER = "nobody"  # it does not run as root


def configuration(server: str, **changes: object) -> str:
    """Return the guide's file with the server and changed settings: the last counts."""
    text = CONFIGURATION.read_text()
    assert SERVER in text
    lines = [f"{name} = {value}" for name, value in changes.items()]
    return "\n".join([text.replace(SERVER, server), *lines, ""])


@contextmanager
def pooled(url: str, **changes: object) -> Iterator[str]:
    """Run PgBouncer for this database, which TCP leads to; yield the URL through it."""
    address = make_url(url)
    port = free_port()
    server = (
        f"host={address.host} port={address.port} dbname={address.database} "
        f"user={address.username}"
    )
    with TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        file, users = folder / "pgbouncer.ini", folder / "userlist.txt"
        fixed = {"listen_port": port, "auth_file": users, "unix_socket_dir": ""}
        file.write_text(configuration(server, **(fixed | changes)))
        users.write_text(f'"app" "{PASSWORD}"\n')
        with running(file) as process:
            wait_for(port, process)
            yield f"postgresql://app:{PASSWORD}@127.0.0.1:{port}/backoffice"


@contextmanager
def running(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    user = USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    command = (str(find("pgbouncer")), "-q", "-u", user, str(file))
    with (file.parent / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("PgBouncer does not listen")
