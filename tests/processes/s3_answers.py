"""A server that answers as S3 does, or as an S3 server with a fault."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LISTED = (
    "<Contents><Key>{}</Key><LastModified>2026-11-29T00:00:00.000Z</LastModified>"
    '<ETag>"1"</ETag><Size>1</Size></Contents>'
)
LIST = "<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>"

TAG = '"1"'  # of all objects


@dataclass
class S3Answers:
    """`is_conditional`: heeds If-None-Match. `lost`: answers of writes to withhold.

    A PUT with If-Match is refused unless `can_match`.
    """

    is_conditional: bool = True
    can_match: bool = True
    lost: int = 0
    odd_names: tuple[str, ...] = ()
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "NO_PROXY": "127.0.0.1",
        }

    def write(self, path: str, content: bytes, tag: str | None = None) -> int:
        self.requests.append(f"PUT {path}")
        if tag and not self.can_match:
            return 501
        if self.is_conditional and path in self.objects and tag != TAG:
            return 412
        self.objects[path] = content
        self.lost -= 1
        return 500 if self.lost >= 0 else 200

    def list_names(self) -> bytes:
        return LIST.format("".join(map(LISTED.format, self.odd_names))).encode()


def make_handler(server: S3Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            tag = self.headers["If-Match"]
            self.answer(server.write(self.path, content, tag))

        def do_HEAD(self) -> None:
            self.answer(200 if self.path in server.objects else 404)

        def do_DELETE(self) -> None:
            server.requests.append(f"DELETE {self.path}")
            server.objects.pop(self.path, None)
            self.answer(204)

        def do_GET(self) -> None:
            if "list-type" in self.path:
                self.answer(200, server.list_names())
            elif found := server.objects.get(self.path):
                self.answer(206, found)
            else:
                self.answer(404)

        def answer(self, status: int, content: bytes = b"") -> None:
            end = len(content) - 1  # no object here is longer than one part
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", TAG)
            self.send_header("Last-Modified", "Sun, 29 Nov 2026 00:00:00 GMT")
            self.send_header("Content-Range", f"bytes 0-{end}/{end + 1}")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep standard error free."""

    return Handler


@contextmanager
def answering(server: S3Answers) -> Iterator[S3Answers]:
    with ThreadingHTTPServer(("127.0.0.1", 0), make_handler(server)) as http:
        server.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        yield server
        http.shutdown()
        thread.join()
