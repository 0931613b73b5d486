"""A witness on a port of its own, as C2SP tlog-witness describes one.

It verifies with the auditor's program, which shares no code with the application.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from scripts import verify_log
from tests.audit.archive.commands import command
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.tree.signers import WITNESS_KEY, cosign

TIME = 1_700_000_000  # of each cosignature, in seconds
EMPTY, NEWLINE = "\n\n", "\n"
Answer = tuple[int, str]
Head = tuple[int, bytes]


@dataclass
class Witness:
    """`keys` of logs and their newest checkpoints, by origin.

    `fault` is what it answers instead.
    """

    url: str
    keys: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Head] = field(default_factory=dict)
    calls: int = 0
    fault: Answer | None = None

    @property
    def setting(self) -> str:
        return f"{WITNESS_KEY} {self.url}"

    def answer(self, body: str) -> Answer:
        self.calls += 1
        if self.fault:
            return self.fault
        head, _, note = body.partition("\n\n")
        first, *proof = head.split("\n")
        key = self.keys[note.partition("\n")[0]]
        origin, size, root = verify_log.open_checkpoint(note, [key])
        old, known = int(first.removeprefix("old ")), self.seen.get(origin, (0, b""))
        if old != known[0] or (old == size != 0 and root != known[1]):
            return 409, f"{known[0]}\n"
        if old and not is_consistent((known, (size, root)), proof):
            return 422, ""
        self.seen[origin] = size, root
        return 200, f"{cosign(note.partition(EMPTY)[0] + NEWLINE, TIME)}\n"

    def trust(self, audit_log: AuditLog) -> None:
        """Learn the keys of a log's checkpoints."""
        for key in command(audit_log, "key").output.splitlines():
            self.keys[key.partition("+")[0]] = key


def is_consistent(heads: tuple[Head, Head], proof: list[str]) -> bool:
    (old, old_root), (new, new_root) = heads
    roots, hashes = (old_root, new_root), [verify_log.decode(each) for each in proof]
    try:
        return verify_log.consistent_roots((old, new), roots, hashes) == roots
    except verify_log.NotProvenError:
        return False


@contextmanager
def running_witness() -> Iterator[Witness]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/w/add-checkpoint"
            length = int(self.headers["content-length"])
            status, text = witness.answer(self.rfile.read(length).decode())
            self.send_response(status)
            content = text.encode()
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        witness = Witness(f"http://127.0.0.1:{server.server_port}/w/")
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield witness
        server.shutdown()
