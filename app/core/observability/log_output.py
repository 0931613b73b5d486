"""Output of log lines, which never raises and counts the lines it loses."""

from select import PIPE_BUF, POLLOUT, poll
from typing import IO, TextIO

from app.core.observability.redaction import mask_bytes

# Milliseconds to wait for the reader of a pipe; it may have stopped. Not again for each
# line that follows.
PATIENCE = 200


class LogOutput:
    """A stream for log lines, which counts lines it cannot write.

    Lines are written unbuffered: a buffer would keep a failed line, and raise again.
    """

    def __init__(self, stream: IO[bytes] | None = None) -> None:
        self.stream = stream
        self.text: TextIO | None = None
        self.lost_lines = 0
        self.fault: str | None = None
        self.torn = False

    def use_stream(self, stream: TextIO | None) -> None:
        """Write to this text stream; it is None if its descriptor was closed."""
        buffer = getattr(stream, "buffer", None)
        self.stream = getattr(buffer, "raw", buffer)
        self.text = stream if buffer is None else None  # in memory: redirect_stdout

    def write(self, line: str | bytes) -> None:
        """Write a line; count it as lost if that fails."""
        if isinstance(line, str):
            line = line.encode(errors="backslashreplace")
        line = mask_bytes(line)
        # A full pipe or disk may have accepted a part of the line before.
        line = b"\n%b\n" % line if self.torn else line + b"\n"
        try:
            self.write_whole(line)
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            self.count_lost(getattr(error, "strerror", None) or str(error))
        else:
            self.fault = None

    def write_whole(self, line: bytes) -> None:
        if self.text is not None:
            self.text.write(line.decode())
            return
        if self.stream is None:
            raise ValueError("standard output is closed")
        while line:
            # A part of this size is written at once, where any is.
            part = line[:PIPE_BUF]
            # None: the stream is non-blocking, and full.
            written = self.stream.write(part) if self.is_ready(self.stream) else None
            if not written:
                raise ValueError("the stream accepts no more data")
            line = line[written:]
            self.torn = bool(line)

    def is_ready(self, stream: IO[bytes]) -> bool:
        """Return whether a write would not wait: another process reads a pipe."""
        waiting = poll()
        waiting.register(stream, POLLOUT)
        return bool(waiting.poll(0 if self.fault else PATIENCE))

    def count_lost(self, fault: str) -> None:
        self.lost_lines, self.fault = self.lost_lines + 1, fault

    def state(self) -> str:
        """Return the state for /readyz, with the number of lost lines."""
        lost = f"{self.lost_lines} line{'' if self.lost_lines == 1 else 's'} lost"
        if self.fault:
            return f"not writing, {lost}: {self.fault}"
        return f"ok, {lost} since startup" if self.lost_lines else "ok"

    msg = debug = info = warning = error = critical = exception = write


log_output = LogOutput()
