"""A request and its answer, as they pass by; and what is told of them in the end."""

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from app.audit.access.access_log import AccessLog
from app.audit.access.access_row import Outcome, Row, describe
from app.core.exceptions import UnavailableException
from app.core.handlers import problem
from app.core.web.plain_text_errors import no_request

UNRECORDED = "The request could not be recorded. It may have taken effect"


class RequestRecorder:
    """One request and its answer, as they pass by."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, log: AccessLog
    ) -> None:
        self.scope, self.take, self.forward = scope, receive, send
        self.log = log
        self.at, self.started = datetime.now(UTC), perf_counter()
        self.status: int | None = None
        self.bytes = 0
        self.hung_up = self.complete = False

    async def receive(self) -> Message:
        message = await self.take()
        if message["type"] == "http.disconnect" and not self.complete:
            self.hung_up = True
        return message

    async def send(self, message: Message) -> None:
        if self.completes(message):
            await self.log.record(self.row())
        await self.forward(message)

    def completes(self, message: Message) -> bool:
        """Take note of a message; tell whether it is the last of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.bytes += len(message.get("body", b""))
            self.complete = not message.get("more_body")
        return self.complete

    def outcome(self) -> Outcome:
        if self.hung_up:
            return Outcome.DISCONNECTED
        # Whatever crashes is answered 500, and nothing else is.
        crashed = self.status == 500 or not self.complete
        return Outcome.CRASHED if crashed else Outcome.ANSWERED

    def row(self) -> Row:
        row = describe(self.scope, self.at)
        row["status"], row["bytes"] = self.status, self.bytes
        row["duration_ms"] = round((perf_counter() - self.started) * 1000, 3)
        row["outcome"] = self.outcome()
        return row


class WithholdingRecorder(RequestRecorder):
    """Sends nothing until the answer is known and recorded; 503 when that fails."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.held: list[Message] = []

    async def send(self, message: Message) -> None:
        self.held.append(message)
        if not self.completes(message):
            return
        if await self.log.record(self.row()):
            for each in self.held:
                await self.forward(each)
        else:
            await self.withhold()

    async def withhold(self) -> None:
        self.status = 503
        self.log.write(self.row() | {"outcome": Outcome.WITHHELD})
        headers = UnavailableException.headers
        answer = problem(self.scope["path"], 503, UNRECORDED, headers)
        await answer(self.scope, no_request, self.forward)
