"""Fixtures: the state of this process, which a stopping server changes."""

import pytest

from app.core.observability.draining import draining


@pytest.fixture(autouse=True)
def not_draining(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "started", False)
