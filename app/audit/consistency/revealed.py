"""Changes as the self-check compares them: with personal values decrypted."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from app.audit.personal.reading import reveal_changes


@dataclass(frozen=True)
class Unreadable:
    """A row with a value that its column's type does not accept."""

    key: Sequence[Any]
    error: str


async def reveal_rows(keys: str, batch: Sequence[Any]) -> Sequence[Any]:
    if not keys:
        return batch
    rows = [{} if isinstance(it, Unreadable) else it._asdict() for it in batch]
    shown = await reveal_changes(keys, rows)
    pairs = zip(batch, shown, strict=True)
    return [SimpleNamespace(**new) if new else row for row, new in pairs]
