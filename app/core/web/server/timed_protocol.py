"""HTTP/1.1 protocol with deadlines for the head and the body of a request."""

import asyncio
from enum import IntEnum
from typing import Any

from uvicorn.server import ServerState

from app.core.web.server.config import ServerConfig
from app.core.web.server.http_protocol import BoundedProtocol

# In seconds, for a client that does not read its response.
WRITE_TIMEOUT = 30.0
# Bytes per second, for which a body has more time; as Apache's MinRate.
MIN_RATE = 1_024


class Phase(IntEnum):
    """The step that a connection waits for, in the order in which they give way."""

    FIRST_BYTE = 0
    HEAD = 1
    NEXT_REQUEST = 2
    BODY = 3
    RESPONSE = 4


class TimedProtocol(BoundedProtocol):
    phase = Phase.FIRST_BYTE
    since = 0.0  # of the phase
    received = 0  # bytes of the body
    unwritten, stalled_since = 0, 0.0

    def __init__(
        self,
        config: ServerConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = config.limits

    def enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, self.loop.time()

    @property
    def is_busy(self) -> bool:
        """Return whether a request waits for its response."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(  # type: ignore[override]  # as uvicorn's
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        self.enter(Phase.FIRST_BYTE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.enter(Phase.HEAD)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.enter(Phase.BODY)
        self.received = 0

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self.received += len(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.phase = Phase.RESPONSE if self.is_busy else Phase.NEXT_REQUEST

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.is_busy:  # with the next request of a pipeline
            return
        self.enter(Phase.NEXT_REQUEST if self.phase is Phase.RESPONSE else self.phase)

    def check_deadline(self) -> None:
        """Close the connection if its client is too slow."""
        now = self.loop.time()
        size = self.transport.get_write_buffer_size()
        if not size or size != self.unwritten:
            self.unwritten, self.stalled_since = size, now
        if now > self.stalled_since + WRITE_TIMEOUT:
            self.transport.abort()
        elif self.phase is Phase.BODY and self.flow.read_paused:
            self.since = now - self.received / MIN_RATE  # the application is slow
        elif now > self.since + self.allowed() and not self.transport.is_closing():
            self.close_late()

    def allowed(self) -> float:
        """Return the seconds that the phase may last."""
        if self.phase in (Phase.FIRST_BYTE, Phase.HEAD) and not self.is_busy:
            return self.limits.head
        if self.phase is Phase.BODY:
            return self.limits.body + self.is_busy * self.received / MIN_RATE
        # uvicorn closes an idle connection, but not one that gets empty lines.
        return float("inf") if self.is_busy else self.timeout_keep_alive

    def close_late(self) -> None:
        """Close the connection of a client that is too slow."""
        if self.phase in (
            Phase.FIRST_BYTE,
            Phase.NEXT_REQUEST,
        ):  # nothing was asked for
            self.transport.close()
        elif self.is_busy and self.cycle.response_started:
            self.transport.abort()
        else:
            self.refuse(408, "The request did not arrive in time")
