"""Logging never fails its caller: lost lines are counted and shown in /readyz."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.core.config import Settings
from app.core.logging import configure_logging
from app.core.observability.log_output import LogOutput, log_output
from tests.databases import make_settings

pytestmark = pytest.mark.slow


class Unprintable:
    def __repr__(self) -> str:
        raise ZeroDivisionError


STRANGE: list[Any] = ["\ud800", 2**70, {1: {2: b"\xff"}}, float("nan"), Unprintable()]


@pytest.mark.parametrize("environment", ["production", "development"])
def test_any_value_can_be_logged(
    environment: str, capfd: pytest.CaptureFixture[str], settings: Settings
) -> None:
    production = {"ENVIRONMENT": environment, "LOG_LEVEL": "INFO"}
    configure_logging(make_settings("postgresql://h/n", **production))
    try:
        for number, value in enumerate(STRANGE):
            structlog.get_logger().info(f"own-{number}", value=value)
            logging.getLogger("x").warning("library-%s %s", number, value)
        said = capfd.readouterr().out
        printable = len(STRANGE) - 1
        for number in range(printable):
            assert f"own-{number}" in said
            assert f"library-{number}" in said, log_output.state()
    finally:
        configure_logging(settings)


def test_an_output_that_recovers(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb", buffering=0) as pipe:
        output = LogOutput(pipe)
        output.write(b"first")
        assert os.read(reader, 99) == b"first\n"
        assert output.state() == "ok"
        output.stream = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
        output.write("lost")
        assert output.state() == "not writing, 1 line lost: No space left on device"
        output.stream.close()
        output.write("lost, too")
        assert output.state().startswith("not writing, 2 lines lost: ")
        output.stream = pipe
        output.write("again")
        assert os.read(reader, 99) == b"again\n"
        assert output.state() == "ok, 2 lines lost since startup"
    os.close(reader)


def test_half_a_line_does_not_corrupt_the_next(tmp_path: Path) -> None:
    """A pipe that is full for now accepts a part of a line."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with os.fdopen(writer, "wb", buffering=0) as pipe:
        output = LogOutput(pipe)
        output.write(b"x" * 100_000)
        assert output.lost_lines == 1
        part = os.read(reader, 100_000)
        output.write(b"whole")
        assert os.read(reader, 99) == b"\nwhole\n"
        assert len(part) < 100_000
    os.close(reader)


def test_a_reader_that_stops_holds_nothing_up() -> None:
    """A pipe holds 64 KiB: without a reader, a write to it would never end."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb", buffering=0) as pipe:
        output = LogOutput(pipe)
        for _ in range(100):
            output.write(b"x" * 10_000)
        assert output.lost_lines > 90
        assert output.state().endswith("the stream accepts no more data")
        os.read(reader, 1_000_000)
        output.write(b"again")
        assert os.read(reader, 99) == b"\nagain\n"
        assert output.state().startswith("ok, ")
    os.close(reader)
