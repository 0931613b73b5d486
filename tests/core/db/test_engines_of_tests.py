"""The databases and parameters with which a test runs, by its marks and the options."""

import pytest

from tests.conftest import ENGINES, engines_for, find_whole

ON_SQLITE, ON_POSTGRESQL = ["sqlite"], ["postgresql"]


@pytest.fixture
def option(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Return a way to change the options; at first there are none."""
    monkeypatch.setattr(pytestconfig.option, "database", None)
    monkeypatch.setattr(pytestconfig.option, "whole", False)
    return monkeypatch


def test_a_test_runs_on_both_databases(
    request: pytest.FixtureRequest, option: pytest.MonkeyPatch
) -> None:
    assert engines_for(request.node) == ENGINES == ON_SQLITE + ON_POSTGRESQL
    option.setattr(request.config.option, "database", "postgresql")
    assert engines_for(request.node) == ON_POSTGRESQL


@pytest.mark.either
def test_what_is_the_same_on_either_runs_on_both_with_whole(
    request: pytest.FixtureRequest, option: pytest.MonkeyPatch
) -> None:
    assert engines_for(request.node) == ON_SQLITE
    option.setattr(request.config.option, "whole", True)
    assert engines_for(request.node) == ENGINES
    option.setattr(request.config.option, "database", "postgresql")
    assert engines_for(request.node) == ON_POSTGRESQL


@pytest.mark.sampled(2)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_of_samples_the_first_ones_run_on_each_database(
    request: pytest.FixtureRequest, url: str, number: int
) -> None:
    of_whole = [each.name for each in find_whole(request.session.items)]
    assert f"{request.node.originalname}[postgresql-1]" not in of_whole
    assert (request.node.name in of_whole) == (number == 3)
    assert number < 3 or request.config.getoption("whole")
