"""The HTTP server: it stops without losing a request, and closes slow connections."""

import asyncio
import os
import signal
import socket
from contextlib import suppress
from time import monotonic
from types import FrameType

import structlog
import uvicorn

from app.core.observability.draining import draining
from app.core.web.server.config import ServerConfig
from app.core.web.server.handshakes import stop_handshakes
from app.core.web.server.protocol import ServerProtocol

TICK = 0.1
HANDSHAKE = 0.1  # in seconds, enough for the last packet of one that has begun

logger = structlog.get_logger()


class Server(uvicorn.Server):
    """Server that drains when it stops.

    From SIGTERM on, /readyz is 503, and each response closes its connection. New
    connections are still accepted for `shutdown_delay`, as a proxy learns only now
    that it should not open any; then those that wait are accepted, too, and requests
    that were sent before are answered.
    """

    config: ServerConfig
    accepts_until = 0.0
    interrupted = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.interrupted |= sig == signal.SIGINT
        # A worker may get two: from the service manager, and from its parent process.
        self.accepts_until = monotonic() + self.config.shutdown_delay

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        draining.has_server = True
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await super().main_loop()
        draining.started = True
        logger.info("draining", connections=len(self.server_state.connections))
        while monotonic() < self.accepts_until and not self.interrupted:
            await asyncio.sleep(TICK)
            await self.on_tick(0)

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self.close_late_connections()
        return await super().on_tick(counter)

    def close_late_connections(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, ServerProtocol):
                connection.check_deadline()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        listeners = [
            copy_of(each.fileno()) for server in self.servers for each in server.sockets
        ]
        draining.end_streams()
        for server in self.servers:
            server.close()
        if self.config.workers == 1:
            # Otherwise the parent process does it: another worker may go on.
            for listener in listeners:
                stop_handshakes(listener)
        await asyncio.sleep(HANDSHAKE)
        for listener in listeners:
            await self.accept_waiting(listener)
        await super().shutdown(sockets)

    async def accept_waiting(self, listener: socket.socket) -> None:
        """Accept the connections that wait, as closing the socket resets them."""
        accepted: list[socket.socket] = []
        with listener, suppress(OSError):
            while True:
                accepted.append(listener.accept()[0])
        loop = asyncio.get_running_loop()
        for connection in accepted:
            await loop.connect_accepted_socket(self.make_protocol, connection)

    def make_protocol(self) -> ServerProtocol:
        state = self.lifespan.state
        return ServerProtocol(self.config, self.server_state, state)


def copy_of(listener: int) -> socket.socket:
    """Return a non-blocking socket that stays open when this one is closed."""
    copy = socket.socket(fileno=os.dup(listener))
    copy.setblocking(False)
    return copy
