"""Many encrypted rows do not stop the event loop until all are decrypted."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.audit.personal.reading import PART_ROWS, reveal_changes, reveal_states
from app.core.config import Settings
from app.core.db.ids import uuid7
from tests.processes.turns import counting_turns

Row = dict[str, Any]


@pytest.mark.anyio
@pytest.mark.parametrize("reveal", [reveal_changes, reveal_states])
async def test_other_tasks_take_their_turn(
    settings: Settings, reveal: Callable[[str, list[Row]], Awaitable[list[Row]]]
) -> None:
    rows = [{"id": uuid7(), "new": {"name": "Ada"}} for _ in range(3 * PART_ROWS)]
    async with counting_turns() as turns:
        assert await reveal(settings.PERSONAL_KEYS_URL, rows) == rows
    assert turns.count >= 2  # between three parts
