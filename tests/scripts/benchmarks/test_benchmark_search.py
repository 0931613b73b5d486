"""The benchmark of searches finds the rows that it has added."""

import asyncio

import pytest

from scripts.bench.search import EVERY
from scripts.benchmark_search import measure_on, table_of

pytestmark = pytest.mark.slow

ROWS = 2_000  # one of them has the rarest word


@pytest.mark.either
def test_each_search_is_measured(url: str) -> None:
    costs = asyncio.run(measure_on(url, ROWS))
    hits = {each.what: each.hits for each in costs if each.hits is not None}
    for word, every in EVERY.items():
        assert hits[f"q={word} with total"] == ROWS // every
    assert hits["q=nowhere with total"] == 0
    assert table_of(costs).row_count == len(costs)
