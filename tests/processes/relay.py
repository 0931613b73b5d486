"""A relay in front of a server, which can cut it off, or answer nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum


class Way(StrEnum):
    OPEN = "open"
    CLOSED = "closed"  # connections end at once
    SILENT = "silent"  # they are accepted, and nothing is passed on


class Relay:
    def __init__(self, target: int) -> None:
        self.target = target
        self.way = Way.OPEN
        self.sockets: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def turn(self, way: Way) -> None:
        """End all connections; treat new ones in this way."""
        self.way = way
        while self.sockets:
            close(self.sockets.pop())

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.sockets.append(client)
                if self.way is Way.CLOSED:
                    close(client)
                elif self.way is Way.OPEN:
                    self.connect(client)

    def connect(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self.target))
        self.sockets.append(server)
        for pair in ((client, server), (server, client)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    close(source)
    close(target)


def close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def relaying(port: int) -> Iterator[Relay]:
    relay = Relay(port)
    try:
        yield relay
    finally:
        relay.listener.close()
        relay.turn(Way.CLOSED)
