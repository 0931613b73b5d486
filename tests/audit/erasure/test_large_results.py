"""Many encrypted rows do not stop the event loop until all are decrypted."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.audit.personal.reading import PART_ROWS, reveal_changes, reveal_states
from app.core.config import Settings
from app.core.db.ids import uuid7

Row = dict[str, Any]


@pytest.mark.anyio
@pytest.mark.parametrize("reveal", [reveal_changes, reveal_states])
async def test_other_tasks_take_their_turn(
    settings: Settings, reveal: Callable[[str, list[Row]], Awaitable[list[Row]]]
) -> None:
    rows = [{"id": uuid7(), "new": {"name": "Ada"}} for _ in range(3 * PART_ROWS)]
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    assert await reveal(settings.PERSONAL_KEYS_URL, rows) == rows
    other.cancel()
    assert turns >= 2  # between three parts
