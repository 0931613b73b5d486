"""The server's HTTP/1.1 protocol: a bound on connections, and an orderly end."""

import asyncio
from operator import attrgetter
from typing import TypeGuard

import structlog

from app.core.web.server.timed_protocol import Phase, TimedProtocol

# In seconds, for a request that is on its way when the server stops.
GRACE = 0.5
FULL = "There are too many connections"

logger = structlog.get_logger()


class ServerProtocol(TimedProtocol):
    # A surplus connection is refused at its first byte: a response that is sent before
    # the request arrives would be lost, as the rest of it is answered with a reset.
    is_surplus = is_stopping = False

    def connection_made(  # type: ignore[override]  # as uvicorn's
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self.make_room()

    def data_received(self, data: bytes) -> None:
        if self.is_surplus:
            self.refuse(503, FULL)
        else:
            super().data_received(data)

    def make_room(self) -> None:
        """Close a connection that waits for its client, or else refuse this one.

        It is the one that has waited for longest in the first phase that any is in.
        """
        waiting = [each for each in self.connections if self.may_replace(each)]
        if self.limits.is_log_due(self.loop.time()):
            logger.warning("too_many_connections", waiting=len(waiting))
        chosen = min(waiting, key=attrgetter("phase", "since"), default=None)
        self.is_surplus = chosen is None or chosen.is_surplus
        if chosen is None:
            return
        if chosen.phase is Phase.NEXT_REQUEST:
            chosen.transport.close()  # nothing was asked for
        else:
            chosen.refuse(503, FULL)

    def may_replace(self, other: object) -> TypeGuard["ServerProtocol"]:
        return (
            isinstance(other, ServerProtocol)
            and other is not self
            and (other.phase is Phase.BODY or not other.is_busy)
            and not other.transport.is_closing()
        )

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.is_stopping:
            self.shutdown()

    def shutdown(self) -> None:
        """Close the connection after its response, or soon if no request arrives."""
        self.is_stopping = True
        if not self.is_busy:
            self.loop.call_later(GRACE, self.close_if_idle)

    def close_if_idle(self) -> None:
        if not self.is_busy and self.phase is not Phase.HEAD:
            self.transport.close()
