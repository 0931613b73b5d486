"""The parser of HTTP, with a limit that it does not have by itself."""

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.core.context import Context, new_context
from app.core.handlers import problem
from app.core.web.middleware import NO_STORE, POLICY, SECURITY

MOST_HEAD = 65_536
SEALED = [*SECURITY, POLICY, NO_STORE, (b"connection", b"close")]

logger = structlog.get_logger()


class BoundedProtocol(HttpToolsProtocol):
    """Hangs up on a request line, headers or trailers of more than 64 KiB.

    The parser itself keeps a header until it ends, however long, and copies it anew
    with each packet. Bodies have their own limit: they are not counted here.
    """

    head = 0

    def data_received(self, data: bytes) -> None:
        self.head += len(data)
        super().data_received(data)
        if self.head > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response("Headers too large")

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.head = 0

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self.head = 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.head = 0

    def send_400_response(self, msg: str) -> None:
        """Refuse what reaches no application as the application would."""
        with new_context(Context()) as context:
            logger.info("request_unreadable", reason=msg)
            answer = problem("", 400, msg)
        named = (b"x-request-id", context.request_id.encode())
        fixed = self.server_state.default_headers
        headers = [*fixed, *answer.raw_headers, named, *SEALED]
        lines = [b"%s: %s\r\n" % pair for pair in headers]
        self.transport.write(b"".join([STATUS_LINE[400], *lines, b"\r\n", answer.body]))
        self.transport.close()
