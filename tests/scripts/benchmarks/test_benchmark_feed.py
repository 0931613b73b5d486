"""The benchmark of the change feed sends changes that its feeds get."""

import pytest

from scripts.bench.servers import TWO_HOSTS
from scripts.benchmark_feed import measure_on, table_of
from tests.databases import Engine


@pytest.mark.slow
def test_feeds_are_measured() -> None:
    rows = measure_on(Engine.SQLITE, [0, 2], (3, 0.1))
    assert table_of(rows).row_count == len(rows) == 2
    assert rows[1].delay > 0


@pytest.mark.slow
def test_changes_of_another_process_are_measured() -> None:
    (row,) = measure_on(Engine.POSTGRESQL, [2], (3, 0.1), TWO_HOSTS)
    assert row.delay > 0
