"""Programs that some tests need; `.ci/run` installs them from Debian's packages."""

import os
import shutil

import pytest

# A user's PATH does not contain the folders of servers.
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def find(name: str) -> str | None:
    return shutil.which(name, path=PATH)


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip a test if one of these programs is not installed."""
    missing = [name for name in names if find(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"Not installed: {missing}")


def require(name: str) -> str:
    """Return the path of a program; skip the test if it is not installed."""
    path = find(name)
    if path is None:
        pytest.skip(f"Not installed: {name}")
    return path
