"""A network between the application and PostgreSQL, which may swallow packets."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from sqlalchemy import make_url

from tests.databases import PATIENCE


class Network:
    """A TCP proxy for the socket of a server.

    A swallowed connection stays open, but nothing arrives any more, in either
    direction: neither an answer nor a refusal, as behind a firewall that has forgotten
    it.
    """

    def __init__(self, server: str) -> None:
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.sockets: list[socket.socket] = []
        self.threads = [Thread(target=self.accept)]
        self.opened = 0
        self.forgotten = 0  # connections up to this number
        self.is_up = True

    def forget(self) -> None:
        """Swallow the packets of all connections that are open now."""
        self.forgotten = self.opened

    def is_swallowed(self, number: int) -> bool:
        return not self.is_up or number <= self.forgotten

    def accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self.listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.server)
                self.opened += 1
                self.sockets += near, far
                self.start(self.opened, near, far)
                self.start(self.opened, far, near)

    def start(self, number: int, source: socket.socket, target: socket.socket) -> None:
        thread = Thread(target=self.forward, args=(number, source, target))
        self.threads.append(thread)
        thread.start()

    def forward(
        self, number: int, source: socket.socket, target: socket.socket
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not self.is_swallowed(number):
                    target.sendall(data)
            if not self.is_swallowed(number):
                target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for each in (self.listener, *self.sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for each in (self.listener, *self.sockets):
            each.close()


def connecting_slowly(url: str) -> str:
    """Return a URL of PostgreSQL with which a connection has more time to begin."""
    if url.startswith("sqlite"):
        return url
    patient = make_url(url).update_query_dict({"connect_timeout": f"{PATIENCE:.0f}"})
    return patient.render_as_string(hide_password=False)


@contextmanager
def network_to(url: str) -> Iterator[tuple[Network, str]]:
    """Yield a network, and the URL of the database behind it."""
    address = make_url(url)
    network = Network(f"{address.query['host']}/.s.PGSQL.{address.port or 5432}")
    network.threads[0].start()
    behind = address.set(host="127.0.0.1", port=network.port, query={})
    try:
        yield network, behind.render_as_string(hide_password=False)
    finally:
        network.close()
