"""The other process, for the tests of races."""

import pytest

from tests.audit.archive.races.meanwhile import Meanwhile


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(monkeypatch)
