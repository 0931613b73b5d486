"""HTTP/1.1 protocol that ignores offers of another protocol (RFC 9110, 7.8)."""

import sys

from httptools import HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class UpgradeIgnoringProtocol(HttpToolsProtocol):
    """Protocol that reads a request with `Upgrade` as if it were without.

    The parser ends such a request with its head: the body would be lost, or be taken
    for the next request of the connection, whose response a proxy could give to another
    client. So the head is read again without the header, by a new parser. It ends a
    CONNECT in the same way, which is refused.
    """

    packet = unread = b""

    def data_received(self, data: bytes) -> None:
        self.unread = data
        while self.unread:
            self.packet, self.unread = self.unread, b""
            super().data_received(self.packet)
        self.packet = b""

    def _should_upgrade(self) -> bool:
        """Return that uvicorn is to leave each such request to the method below."""
        return True

    def handle_websocket_upgrade(self) -> None:
        """Have the request read again. uvicorn calls it for an HttpParserUpgrade."""
        if self.scope["method"] == "CONNECT":
            self.send_400_response("CONNECT is for proxies")
            return
        error = sys.exc_info()[1]
        end: int = error.args[0] if error else 0  # of the head
        self.unread = self.head_without_upgrade() + self.packet[end:]
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def head_without_upgrade(self) -> bytes:
        method = self.scope["method"].encode()
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (method, self.url, version)]
        lines += [b"%s: %s" % it for it in self.headers if it[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])
