"""An audit trail with old rows and new ones."""

from pathlib import Path

import pytest

from app.core.config import Settings
from tests.audit.archive.rows import Trail
from tests.audit.archive.tampering import empty


@pytest.fixture
def trail(settings: Settings, tmp_path: Path) -> Trail:
    folder = tmp_path / "archive"
    folder.mkdir()
    return empty(Trail(settings, folder))
