"""Search queries and their results."""

from dataclasses import dataclass, field
from typing import Any

from app.audit.archive.logs import CHANGES, LOGS, Log, LogRange

ResultRow = dict[str, Any]


@dataclass(frozen=True)
class SearchQuery:
    """Conditions of a search; None matches all. `actor` is an id or an e-mail."""

    log_range: LogRange
    limit: int
    entity: str | None = None
    entity_id: str | None = None
    actor: str | None = None
    request: str | None = None

    def column_values(self, log: Log) -> dict[str, str]:
        """Return the required values by column of this log."""
        suffix = "label" if self.actor and "@" in self.actor else "id"
        wanted = {f"{log.actor}_{suffix}": self.actor, "request_id": self.request}
        if log is CHANGES:
            wanted |= {"entity_id": self.entity_id, "entity": self.entity}
        return {name: value for name, value in wanted.items() if value is not None}

    def searched_logs(self) -> list[Log]:
        """Return the logs to search. Accesses have no entity columns."""
        return [CHANGES] if self.entity or self.entity_id else list(LOGS.values())


@dataclass
class SearchResult:
    """Rows, newest first, and the number of files read and skipped.

    `rejected` names archived rows that are not as they were sealed, and files that are
    not as they are recorded: neither is part of the result.
    """

    rows: list[ResultRow] = field(default_factory=list)
    read: int = 0
    skipped: int = 0
    rejected: list[str] = field(default_factory=list)
