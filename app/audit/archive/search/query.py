"""A question to both logs, and its answer."""

from dataclasses import dataclass, field
from typing import Any

from app.audit.archive.logs import CHANGES, LOGS, Log, LogRange

Hit = dict[str, Any]


@dataclass(frozen=True)
class SearchQuery:
    """What is asked for; what is None does not matter. An actor: id or e-mail."""

    span: LogRange
    limit: int
    entity: str | None = None
    entity_id: str | None = None
    actor: str | None = None
    request: str | None = None

    def values(self, log: Log) -> dict[str, str]:
        """Return what the columns of this log must say."""
        who = "label" if self.actor and "@" in self.actor else "id"
        wanted = {f"{log.actor}_{who}": self.actor, "request_id": self.request}
        if log is CHANGES:
            wanted |= {"entity_id": self.entity_id, "entity": self.entity}
        return {name: value for name, value in wanted.items() if value is not None}

    def logs(self) -> list[Log]:
        """Return the logs that can know: an access does not tell its entity."""
        return [CHANGES] if self.entity or self.entity_id else list(LOGS.values())


@dataclass
class SearchResult:
    """The newest rows first. `skipped` files have no such row: nobody opened them."""

    rows: list[Hit] = field(default_factory=list)
    read: int = 0
    skipped: int = 0
