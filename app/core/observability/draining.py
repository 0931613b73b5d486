"""Whether this process is stopping, which its responses and /readyz say."""

from collections.abc import Callable


class Draining:
    has_server = False  # whether the server is the one that drains
    started = False

    def __init__(self) -> None:
        # They end the responses that would not end by themselves.
        self.endings: list[Callable[[], None]] = []

    def end_streams(self) -> None:
        for end in self.endings:
            end()


draining = Draining()
