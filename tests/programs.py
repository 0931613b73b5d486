"""Programs that the system provides: proxies and poolers."""

import os
import shutil

import pytest

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def needs(program: str) -> str:
    """Return the path of a program; skip the test if it is not installed."""
    path = shutil.which(program, path=PATH)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path
