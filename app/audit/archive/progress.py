"""What a run tells while it works, and how long it may work."""

import time
from dataclasses import dataclass, field

from app.audit.archive.exceptions import OutOfTimeException


@dataclass
class Progress:
    """Told each step and each batch of rows. Subclasses show it; this one is quiet."""

    max_seconds: float | None = None
    began: float = field(default_factory=time.monotonic)

    def step(self, name: str, file: str) -> None:
        """A step of a file is done, and would survive a crash."""

    def rows(self, count: int) -> None:
        """So many more rows have gone through the step under way."""
        self.check_time()

    def check_time(self) -> None:
        if self.max_seconds and time.monotonic() - self.began > self.max_seconds:
            raise OutOfTimeException(
                f"Stopped after {self.max_seconds:g} s, as told. The next run goes on."
            )
