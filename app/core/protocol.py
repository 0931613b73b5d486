"""The parser of HTTP, with a limit that it does not have by itself."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 65_536


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
