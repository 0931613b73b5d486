"""Recorders, which observe the ASGI messages of a request and build its row."""

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from app.audit.access.access_log import AccessLog
from app.audit.access.access_row import Outcome, Row, request_values
from app.core.exceptions import UnavailableException
from app.core.handlers import problem
from app.core.web.plain_text_errors import no_request

EVENTS = b"text/event-stream"
NOT_RECORDED = "The request could not be recorded. It may have taken effect"


class RequestRecorder:
    """Wrapper of `receive` and `send` that records the request before its end."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, log: AccessLog
    ) -> None:
        self.scope, self.log = scope, log
        self.server_receive, self.server_send = receive, send
        self.at, self.started = datetime.now(UTC), perf_counter()
        self.status: int | None = None
        self.bytes = 0
        self.disconnected = self.complete = False

    async def receive(self) -> Message:
        message = await self.server_receive()
        if message["type"] == "http.disconnect" and not self.complete:
            self.disconnected = True
        return message

    async def send(self, message: Message) -> None:
        if self.observe(message):
            await self.log.record(self.row())
        await self.server_send(message)

    def observe(self, message: Message) -> bool:
        """Update status and size; return whether this is the last message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.bytes += len(message.get("body", b""))
            self.complete = not message.get("more_body")
        return self.complete

    def outcome(self) -> Outcome:
        if self.disconnected:
            return Outcome.DISCONNECTED
        # Only unhandled exceptions are answered with 500.
        crashed = self.status == 500 or not self.complete
        return Outcome.CRASHED if crashed else Outcome.ANSWERED

    def row(self) -> Row:
        row = request_values(self.scope, self.at)
        row["status"], row["bytes"] = self.status, self.bytes
        row["duration_ms"] = round((perf_counter() - self.started) * 1000, 3)
        row["outcome"] = self.outcome()
        return row


class WithholdingRecorder(RequestRecorder):
    """Recorder that buffers the response, and sends 503 if recording fails.

    A stream of events has no end to wait for: it is recorded before its first part.
    """

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.buffered: list[Message] = []
        self.is_withheld = False

    async def send(self, message: Message) -> None:
        if self.complete:  # the rest of a stream of events
            if not self.is_withheld:
                await self.server_send(message)
            return
        self.buffered.append(message)
        self.complete = self.observe(message) or self.is_endless()
        if not self.complete:
            return
        if await self.log.record(self.row()):
            for buffered in self.buffered:
                await self.server_send(buffered)
        else:
            await self.withhold()

    def is_endless(self) -> bool:
        start, *parts = self.buffered
        kinds = [value for name, value in start["headers"] if name == b"content-type"]
        return bool(parts and kinds and kinds[0].startswith(EVENTS))

    async def withhold(self) -> None:
        self.is_withheld = True
        self.status = 503
        self.log.write(self.row() | {"outcome": Outcome.WITHHELD})
        headers = UnavailableException.headers
        response = problem(self.scope["path"], 503, NOT_RECORDED, headers)
        await response(self.scope, no_request, self.server_send)
