"""Errors of commands."""

import os
import subprocess
import sys
from errno import ENOSPC
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from scripts.commands import exit_on_database_error, run_command, user_name
from tests.databases import ROOT
from tests.processes.forked import command
from tests.processes.servers import environment

COMMANDS = sorted(
    path
    for path in (*(ROOT / "scripts").glob("*.py"), *(ROOT / "seeds").glob("seed*.py"))
    if "import typer" in path.read_text()
    and not path.name.startswith(("benchmark", "new_module"))
)


def test_a_closed_output_is_no_fault_of_the_database(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit), exit_on_database_error("Nothing was added."):
        raise BrokenPipeError
    assert capsys.readouterr().err == "The output was closed. Nothing was added.\n"


def test_a_file_that_an_error_names_is_no_fault_of_the_database(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit), exit_on_database_error("Nothing was added."):
        raise PermissionError(13, "Permission denied", "/mnt/worm/checkpoints.txt")
    expected = "/mnt/worm/checkpoints.txt: Permission denied. Nothing was added.\n"
    assert capsys.readouterr().err == expected


def test_a_full_disk_is_no_fault_of_the_database(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An error of a file that is open, such as standard output, does not name it."""
    with pytest.raises(SystemExit), exit_on_database_error("Nothing was added."):
        raise OSError(ENOSPC, os.strerror(ENOSPC))
    expected = "A file can't be written: No space left on device. Nothing was added.\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("script", ["archive_audit.py status", "check_audit.py"])
def test_a_server_without_its_socket_is_named(script: str) -> None:
    url = "postgresql://app@/app?host=/nowhere"
    done = command(tuple(f"scripts/{script}".split()), environment(url))
    expected = "Database error: PostgreSQL at /nowhere: no server has a socket there."
    assert done.errors.startswith(expected)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: str(path.name))
def test_a_command_says_if_its_output_cannot_be_written(path: Path) -> None:
    assert (
        path.read_text()
        .partition('__name__ == "__main__":\n')[2]
        .startswith("    run_command(")
    )


@pytest.mark.slow
def test_an_output_on_a_full_disk_is_one_sentence() -> None:
    words = [sys.executable, "scripts/archive_audit.py", "key", "--private"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=environment("sqlite:///"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    expected = "Standard output can't be written: No space left on device.\n"
    assert (done.returncode, done.stderr) == (1, expected)


def test_an_output_is_utf_8_in_each_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the signed notes that are appended to a file are."""
    written = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written, encoding="iso-8859-9"))
    run_command(lambda: sys.stdout.write("— İzmir\n"))
    assert written.getvalue().decode() == "— İzmir\n"


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose platform chooses the user."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_001)
    assert user_name() == "uid 4000000001"
