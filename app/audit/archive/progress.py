"""Progress reports and the time limit of a command."""

import time
from dataclasses import dataclass, field

from app.audit.archive.exceptions import TimeLimitException


@dataclass
class Progress:
    """Enforce the time limit. Subclasses display the reported steps and rows."""

    max_seconds: float | None = None
    started_at: float = field(default_factory=time.monotonic)

    def report_step(self, name: str, file: str) -> None:
        """Report that a step of a file is complete and durable."""

    def report_rows(self, count: int) -> None:
        """Report that `count` more rows have passed the current step.

        Raises:
            TimeLimitException: --max-seconds has passed.
        """
        self.check_time_limit()

    def check_time_limit(self) -> None:
        if self.max_seconds and time.monotonic() - self.started_at > self.max_seconds:
            raise TimeLimitException(
                f"Stopped: --max-seconds {self.max_seconds:g} reached. "
                "The next run continues."
            )
