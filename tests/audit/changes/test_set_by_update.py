"""Columns that the mapping sets in each UPDATE are recorded as any other."""

from typing import Any

import pytest

from app.core.db.ids import uuid7
from tests.audit.changes.conftest import Library
from tests.audit.changes.models import Counted, Signed

pytestmark = pytest.mark.anyio

MODELS = [(Signed, "by", ["Ann", "Bob"]), (Counted, "changes", [0, 1])]


@pytest.mark.parametrize("way", ["records", "orm"])
@pytest.mark.parametrize(("model", "name", "expected"), MODELS)
async def test_a_column_that_each_update_sets_is_recorded(
    library: Library, way: str, model: Any, name: str, expected: list[object]
) -> None:
    id = uuid7()

    async def add(session: Any) -> None:
        session.add(model(id=id, title="Tea"))

    async def change(session: Any) -> None:
        if way == "orm":
            assert session.sync_session
        (await session.find(model, id)).title = "Coffee"

    await library.write(add)
    await library.write(change)
    (_, (_, diff)) = await library.entries()
    assert (diff["title"], diff[name]) == (["Tea", "Coffee"], expected)
