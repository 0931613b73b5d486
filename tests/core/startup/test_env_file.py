"""The file .env and misspelt settings: the start stops with one sentence."""

from pathlib import Path

import pytest

from app.core.config import Settings, load_settings

SECRET = f"SECRET_KEY={'s' * 40}\n"


@pytest.fixture(autouse=True)
def clear_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)


def error_of(text: bytes) -> str:
    Path(".env").write_bytes(text)
    with pytest.raises(SystemExit) as stopped:
        load_settings()
    return str(stopped.value.code)


def test_a_dollar_in_the_file_is_taken_literally() -> None:
    url = "postgresql://app:${HOME}@h/${DATABASE}"
    Path(".env").write_text(f"{SECRET}DATABASE=x\nDATABASE_URL={url}\n")
    assert url == load_settings().DATABASE_URL


def test_names_in_lower_case_and_a_byte_order_mark_are_accepted() -> None:
    Path(".env").write_bytes(f"\ufeff{SECRET}port=81\nWORKERS\n".encode())
    assert load_settings().PORT == 81


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_in_another_encoding_is_named(encoding: str) -> None:
    line = 2 if encoding == "latin-1" else 1
    sentence = error_of(f"{SECRET}LOG_LEVEL=größer\n".encode(encoding))
    assert f".env is not UTF-8 in line {line}:" in sentence


@pytest.mark.parametrize(
    "line", ["LOG_LEVEL: INFO", "LOG_LEVEL='INFO", 'LOG_LEVEL="INFO', "=INFO"]
)
def test_a_line_that_is_no_setting_is_named(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = error_of(f"# mine\nPORT=81\n{line}\n{SECRET}".encode())
    assert ".env has no NAME=VALUE in line 3" in sentence
    assert capsys.readouterr() == ("", "")


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SystemExit, match="can't be read: Is a directory"):
        load_settings()


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to("/proc/self/mem")
    with pytest.raises(SystemExit, match="can't be read"):
        load_settings()


MISSPELT = {
    "DATABSE_URL": "DATABASE_URL",
    "DATABASE_URLS": "DATABASE_URL",
    "SECRETKEY": "SECRET_KEY",
    "ALLOWED_HOST": "ALLOWED_HOSTS",
    "CORS_ORIGIN": "CORS_ORIGINS",
    "TRUSTED_PROXY": "TRUSTED_PROXIES",
    "ENVIROMENT": "ENVIRONMENT",
    "loglevel": "LOG_LEVEL",
    "HOSTS": "HOST",
}


@pytest.mark.parametrize(("name", "meant"), MISSPELT.items())
def test_a_misspelt_name_is_reported(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    expected = f"{name.upper()} is unknown: did you mean {meant}?"
    assert expected in error_of(f"{name}=x\n".encode())
    Path(".env").write_text(SECRET)
    monkeypatch.setenv(name, "x")
    assert expected in error_of(SECRET.encode())


def test_settings_of_other_programs_are_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = "COMPOSE_PROJECT_NAME POSTGRES_DB HOSTNAME HOSTTYPE DATABASE_HOST DB_URL"
    for name in others.split():
        monkeypatch.setenv(name, "x")
    text = "".join(f"{name}=x\n" for name in others.split())
    # The setting that it resembles is given as well.
    Path(".env").write_text(f"{SECRET}{text}PORTS=80\nPORT=81\n")
    assert load_settings().PORT == 81
