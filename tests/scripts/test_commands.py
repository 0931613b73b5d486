"""Errors of commands."""

import os

import pytest

from scripts.commands import exit_on_database_error, user_name


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


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose platform chooses the user."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_001)
    assert user_name() == "uid 4000000001"
