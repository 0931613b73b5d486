"""The benchmark of personal data compares requests in clear with encrypted ones."""

import asyncio

import pytest

from scripts.benchmark_personal import measure, table_of
from tests.databases import Engine, Template


@pytest.mark.heavy
def test_requests_are_compared(template: Template) -> None:
    costs = asyncio.run(measure(template, Engine.SQLITE, 110))
    assert table_of(costs).row_count == len(costs) == 3
    assert all(cost.ratio > 0 for cost in costs)
