"""Requests of these tests wait for the report of a limit, on a busy machine too."""

import pytest

from app.auth.limits import policy


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "PATIENCE", 60.0)
