"""Settings in the file .env, and misspelt names of settings."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream
from pydantic_settings import BaseSettings, InitSettingsSource

ENV_FILE = Path(".env")
SIMILAR = 0.85  # of difflib: one wrong letter in the shortest names, two in the others


class EnvFileSource(InitSettingsSource):
    """The values in .env. `${NAME}` is not expanded: a password may contain it."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, read_env_file())


def read_env_file() -> dict[str, Any]:
    """Return the values by name, in upper case; nothing if there is no file.

    Raises:
        ValueError: the file can't be read, or has a line that is no setting.
    """
    try:
        text = ENV_FILE.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ValueError(f".env is not UTF-8 in line {line}: save it again") from None
    except OSError as error:
        raise ValueError(f".env can't be read: {error.strerror}") from None
    values = parse_settings(text)
    return {name.upper(): value for name, value in values if value is not None}


def parse_settings(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield names and values, without expanding `${NAME}`.

    dotenv_values() would leave out a line that it cannot parse, and those that an open
    quote reaches over.
    """
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            line = binding.original.line
            raise ValueError(f".env has no NAME=VALUE in line {line}, or an open quote")
        if binding.key:
            yield binding.key, binding.value


def find_misspelt(given: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """Yield a message for each name that resembles a setting which is not given.

    Other programs have their settings in the same places, so other names are accepted.
    """
    names = {name.upper() for name in given}
    missing = set(known) - names
    for name in sorted(names.difference(known)):
        for meant in get_close_matches(name, missing, 1, SIMILAR):
            yield f"{name} is unknown: did you mean {meant}?"
