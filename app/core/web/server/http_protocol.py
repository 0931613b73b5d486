"""HTTP/1.1 protocol with a limit on the size of headers."""

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.core.context import Context, new_context
from app.core.handlers import problem
from app.core.web.middleware import NO_STORE, POLICY, SECURITY
from app.core.web.server.ignored_upgrades import UpgradeIgnoringProtocol

MAX_HEAD_SIZE = 65_536
SEALED = [*SECURITY, POLICY, NO_STORE, (b"connection", b"close")]

logger = structlog.get_logger()


class BoundedProtocol(UpgradeIgnoringProtocol):
    """Protocol that rejects a request line, headers or trailers over 64 KiB.

    The parser buffers an incomplete header without limit, and copies it with each
    packet. Bodies have a limit of their own and are not counted here.
    """

    head = 0
    head_complete = False

    def data_received(self, data: bytes) -> None:
        self.head += len(data)
        super().data_received(data)
        if self.head > MAX_HEAD_SIZE and not self.transport.is_closing():
            self.send_400_response("Headers too large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Ignore trailers (RFC 9110, 6.5.1): a proxy has checked the headers only."""
        if not self.head_complete:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.head, self.head_complete = 0, True

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self.head = 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.head = 0

    def send_400_response(self, msg: str) -> None:
        self.refuse(400, msg)

    def refuse(self, status: int, msg: str) -> None:
        """Send a problem document: the request does not reach the application."""
        with new_context(Context()) as context:
            logger.info("request_unreadable", status=status, reason=msg)
            answer = problem("", status, msg)
        named = (b"x-request-id", context.request_id.encode())
        fixed = self.server_state.default_headers
        headers = [*fixed, *answer.raw_headers, named, *SEALED]
        lines = [b"%s: %s\r\n" % pair for pair in headers]
        self.transport.write(
            b"".join([STATUS_LINE[status], *lines, b"\r\n", answer.body])
        )
        self.transport.close()
