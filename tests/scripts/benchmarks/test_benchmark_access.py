"""The benchmark of the access log measures each part."""

import asyncio
from pathlib import Path

import pytest

from scripts.benchmark_access import measure, show

pytestmark = pytest.mark.slow


@pytest.mark.either
def test_each_part_is_measured(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = asyncio.run(measure(url, tmp_path / "spool", rounds=2))
    assert [len(each) for each in costs.values()] == [2, 2, 2]
    assert all(cost > 0 for each in costs.values() for cost in each)
    show(costs)
    assert "The loader, later: " in capsys.readouterr().out
