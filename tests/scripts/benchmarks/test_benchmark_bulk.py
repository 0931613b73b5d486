"""The benchmark of bulk requests sends what it means to measure."""

import pytest

from scripts.bench import bulk
from scripts.benchmark_bulk import measure_on, table_of
from tests.databases import Engine


@pytest.mark.heavy
@pytest.mark.slow
def test_each_operation_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "SIZE", 4)
    monkeypatch.setattr(bulk, "FAILING", 4)
    ratios = measure_on(Engine.SQLITE, 1)
    assert table_of(ratios).row_count == len(ratios) == 6
    assert all(each.by_time > 0 for each in ratios)
