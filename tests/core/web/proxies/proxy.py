"""Real proxies in front of real servers, run from the files of scripts/deploy."""

import os
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.accounts import root_header
from tests.databases import ROOT, make_settings
from tests.processes.servers import TIMEOUT, Server, free_port, kill
from tests.programs import find, needs

FILES = ROOT / "scripts/deploy"
WRAPPERS = Path(__file__).parent / "wrappers"
# Their order in the files; an instance that a test does not need is the first one.
INSTANCES = ("10.0.0.11:8000", "10.0.0.12:8000")
HOST = "api.example.com"
CLIENT = "127.0.0.2"  # an address that is no proxy's, to connect from
RECIPES = {
    "nginx": "nginx.conf",
    "haproxy": "haproxy.cfg",
    "caddy": "Caddyfile",
    "apache2": "apache.conf",
}
each_recipe = pytest.mark.parametrize(
    "program",
    [pytest.param(program, marks=needs(program, "openssl")) for program in RECIPES],
    scope="module",
)
COMMANDS = {
    "nginx": ("-p", "{folder}", "-c", "main"),
    "haproxy": ("-db", "-f", "main"),
    "caddy": ("run", "--adapter", "caddyfile", "--config", "main"),
    "apache2": ("-DFOREGROUND", "-f", "{folder}/main"),
}


@dataclass
class Proxy:
    url: str
    certificate: ssl.SSLContext

    def client(self, path: str = "/api/v1") -> httpx2.Client:
        """Return a client signed in as the superuser of the test databases."""
        return httpx2.Client(
            base_url=f"{self.url}{path}",
            headers=root_header(make_settings("sqlite:///")),
            transport=httpx2.HTTPTransport(
                verify=self.certificate, local_address=CLIENT
            ),
            timeout=TIMEOUT,
        )


def make_certificate(folder: Path) -> ssl.SSLContext:
    """Write a certificate and its key; return a context that trusts it."""
    command = (
        "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        "-days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
        "-keyout site.key -out site.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    pem, key = (folder / f"site.{kind}" for kind in ("pem", "key"))
    (folder / "site.both").write_text(pem.read_text() + key.read_text())
    return ssl.create_default_context(cafile=str(pem))


def fill(text: str, folder: Path, port: int, servers: tuple[Server, ...]) -> str:
    """Return a configuration with the addresses and files of this test."""
    addresses = [server.base_url.removeprefix("http://") for server in servers]
    for place, instance in enumerate(INSTANCES):
        text = text.replace(instance, addresses[min(place, len(addresses) - 1)])
    for path, name in (
        (f"/etc/ssl/certs/{HOST}.pem", "site.pem"),
        (f"/etc/ssl/private/{HOST}.key", "site.key"),
        (f"/etc/haproxy/{HOST}.pem", "site.both"),
    ):
        text = text.replace(path, str(folder / name))
    text = re.sub(r"\b443\b", str(port), text).replace("{folder}", str(folder))
    return text.replace(f"{HOST} {{", f"localhost:{port} {{").replace(HOST, "localhost")


@contextmanager
def proxying(
    program: str,
    folder: Path,
    *servers: Server,
    edit: Callable[[str], str] = str,
    ready: str = "/",
) -> Iterator[Proxy]:
    """Run a proxy with its file, as edited, in front of these servers."""
    folder = folder / f"{program}-{free_port()}"
    folder.mkdir()
    certificate, port = make_certificate(folder), free_port()
    site, main = (
        edit((FILES / RECIPES[program]).read_text()),
        (WRAPPERS / program).read_text(),
    )
    for path, text in (("site", site), ("main", main.replace("{site}", site))):
        (folder / path).write_text(fill(text, folder, port, servers))
    binary = find(program)
    assert binary
    words = [binary, *(word.format(folder=folder) for word in COMMANDS[program])]
    with (folder / "log").open("wb") as log:
        environment = os.environ | {"HOME": str(folder)}
        process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=log, stderr=log
        )
    server = Server(process, f"https://localhost:{port}", folder / "log")
    try:
        server.wait_for(ready, verify=certificate)
        yield Proxy(server.base_url, certificate)
    finally:
        kill(process)
