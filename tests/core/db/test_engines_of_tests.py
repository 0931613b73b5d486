"""The databases on which a test runs, by its marks and the options."""

import pytest

from tests.conftest import ENGINES, engines_for

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
