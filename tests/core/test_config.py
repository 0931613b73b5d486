"""Settings: production rejects unsafe values, and names the setting."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.core.config import Settings, load_settings
from tests.databases import make_settings
from tests.processes.forked import command
from tests.processes.servers import environment

CANARY = "hunter2-canary"
# The minimum that production requires; each test below changes one value.
SAFE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "k" * 32,
    "DATABASE_URL": f"postgresql://app:{CANARY}@localhost/app",
    "ALLOWED_HOSTS": "api.example.com",
    "CORS_ORIGINS": "https://www.example.com",
    "TRUSTED_PROXIES": "10.0.0.1",
    "WORKERS": "2",
    "FIRST_SUPERUSER_PASSWORD": "a fountain of brass and oak",
}
LITE = {"DATABASE_URL": "sqlite:///app.db"}
UNSAFE: list[tuple[str, dict[str, str]]] = [
    ("SECRET_KEY", {"SECRET_KEY": ""}),
    ("SECRET_KEY", {"SECRET_KEY": "k" * 31}),
    ("SECRET_KEY", {"SECRET_KEY": f"example-only-{'k' * 32}"}),
    ("SECRET_KEY", {"SECRET_KEYS_OLD": f"example-only-{'k' * 32}"}),
    ("SECRET_KEYS_OLD", {"SECRET_KEYS_OLD": f"{'k' * 40},{'q' * 31}"}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": "*"}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": "api.example.com, *"}),
    ("CORS_ORIGINS", {"CORS_ORIGINS": "*"}),
    ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": "*"}),
    ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": "10.0.0.1, 0.0.0.0/0"}),
    ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": "::/0"}),
    ("FIRST_SUPERUSER_PASSWORD", {"FIRST_SUPERUSER_PASSWORD": "example-only-password"}),
]


@pytest.fixture(autouse=True)
def clear_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ignore the environment variables and .env of the developer."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)


def startup_error(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> str:
    """Return the error message of the start; "" if the settings are accepted."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    try:
        load_settings()
    except SystemExit as refused:
        return str(refused.code)
    return ""


def test_safe_settings_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert startup_error(monkeypatch, SAFE) == ""


@pytest.mark.asvs("13.4.2")
@pytest.mark.parametrize(("name", "values"), UNSAFE)
def test_production_rejects_unsafe_settings(
    monkeypatch: pytest.MonkeyPatch, name: str, values: dict[str, str]
) -> None:
    sentence = startup_error(monkeypatch, SAFE | values)
    assert name in sentence
    assert all(len(v) < 2 or v not in sentence for v in values.values())
    assert CANARY not in sentence


NEVER_MATCHED = {
    "ALLOWED_HOSTS": (
        "https://api.example.com api.example.com:8000 api.example.com/ a..example.com "
        "*.*.example.com *example.com api.*.com .example.com ::1 [::1]:8000 [api] "
        "user@example.com ,"
    ),
    "CORS_ORIGINS": (
        "https://app.example.com/ https://app.example.com/app app.example.com "
        "app.example.com:443 https:// //app.example.com https:app.example.com null "
        "https://*.example.com https://App.example.com HTTPS://app.example.com "
        "https://app.example.com:443 http://app.example.com:80 https://::1 "
        "https://app.example.com: https://user@app.example.com https://[::1]/ "
        "https://app.example.com?a https://bücher.example"
    ),
}
MATCHED = {
    "ALLOWED_HOSTS": "localhost 127.0.0.1 [::1] API.example.com *.example.com * db_1",
    "CORS_ORIGINS": (
        "https://app.example.com http://localhost:5173 http://127.0.0.1 http://[::1] "
        "https://[::1]:8443 http://a.example.com:443 https://a.example.com:80 * "
        "capacitor://localhost https://xn--bcher-kva.example"
    ),
}
LOCAL = {"SECRET_KEY": SAFE["SECRET_KEY"]}


def pairs(words: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, word) for name in words for word in words[name].split()]


@pytest.mark.parametrize(("name", "word"), pairs(NEVER_MATCHED))
def test_a_value_that_can_never_match_is_rejected(
    monkeypatch: pytest.MonkeyPatch, name: str, word: str
) -> None:
    others = "" if word == "," else f"{SAFE[name]},"
    sentence = startup_error(monkeypatch, LOCAL | {name: others + word})
    assert sentence.startswith(f"Invalid settings. {name}: ")
    assert "without" in sentence


@pytest.mark.parametrize(("name", "word"), pairs(MATCHED))
def test_a_value_that_can_match_is_accepted(
    monkeypatch: pytest.MonkeyPatch, name: str, word: str
) -> None:
    assert startup_error(monkeypatch, LOCAL | {name: word}) == ""


@pytest.mark.parametrize("mark", ["@", "/", "?", "#", "[", "/4@", "1?x=@"])
def test_a_password_that_must_be_encoded_is_not_echoed(
    monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    url = f"postgresql://app:12{mark}{CANARY}@db.example.com:5432/app"
    sentence = startup_error(monkeypatch, LOCAL | {"DATABASE_URL": url})
    assert "in the user and the password as %40" in sentence
    assert CANARY not in sentence


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("postgresql://app:a,b@db1:5432,db2:5432/app", "host=A:5432&host=B:5432"),
        ("postgresql://db1,db2/app", "host=A:5432&host=B:5432"),
        ("sqlite:///app.db?mode=ro", "must name a file"),
        ("sqlite:///file:app.db?uri=true", "must name a file"),
    ],
)
def test_a_url_that_cannot_work_is_explained(
    monkeypatch: pytest.MonkeyPatch, url: str, advice: str
) -> None:
    assert advice in startup_error(monkeypatch, LOCAL | {"DATABASE_URL": url})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:a,b%40c@db/app?application_name=a@b",
        "postgresql://app:@/app?host=db1:5432&host=db2:5432",
        "postgresql://[::1]:5432/app",
        "postgresql://app@corp:secret@db/app",
        "postgresql:///app?host=/run/pg@14",
        "postgresql://localhost:5432/app?application_name=a@b",
        "sqlite:////srv/app/app.db",
    ],
)
def test_a_url_that_can_work_is_accepted(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    assert startup_error(monkeypatch, LOCAL | {"DATABASE_URL": url}) == ""


def test_a_missing_secret_key_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SECRET_KEY: Field required" in startup_error(monkeypatch, {})


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_rejected_value_is_not_echoed(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sentence = startup_error(monkeypatch, SAFE | {name: CANARY})
    assert not sentence or name in sentence
    assert CANARY not in sentence


@pytest.mark.asvs("13.3.1")
def test_the_repr_of_the_settings_hides_secrets() -> None:
    secrets = {
        "SECRET_KEY": f"{CANARY}-{'k' * 32}",
        "SECRET_KEYS_OLD": f"{CANARY}-{'q' * 32}",
        "FIRST_SUPERUSER_PASSWORD": CANARY,
    }
    settings = make_settings(SAFE["DATABASE_URL"], **secrets)
    assert CANARY not in repr(settings)
    assert CANARY not in f"{settings}"


def test_a_validation_error_hides_secrets() -> None:
    wrong = {"SECRET_KEY": CANARY, "DATABASE_URL": f"mysql://u:{CANARY}@h/d"}
    wrong |= {"FIRST_SUPERUSER_PASSWORD": CANARY, "SECRET_KEYS_OLD": CANARY}
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(SAFE | wrong)
    assert "SECRET_KEY" in str(refused.value)
    assert CANARY not in f"{refused.value} {refused.value!r}"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("SECRET_KEY", {"SECRET_KEY": f"example-only-{CANARY}-{'k' * 32}"}),
        ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": "*"}),
        # Without a host, the password is parsed as the port.
        ("DATABASE_URL", {"DATABASE_URL": f"postgresql://app:{CANARY}/app"}),
    ],
)
def test_the_server_reports_an_invalid_setting_in_one_line(
    name: str, values: dict[str, str]
) -> None:
    env = environment("", **(SAFE | values))
    done = command(("-m", "app"), env)
    assert (done.code, done.output) == (1, "")
    (sentence,) = done.errors.splitlines()
    assert name in sentence
    assert CANARY not in sentence
