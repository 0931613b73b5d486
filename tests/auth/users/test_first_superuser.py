"""The first superuser: created once; existing accounts stay unchanged."""

import asyncio

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from app.auth.models import User
from app.auth.users.first_superuser import add_first_superuser
from app.core.config import Settings
from app.core.exceptions import ValidationFailedException
from app.main import open_database
from tests.accounts import PASSWORD
from tests.auth.signing import NEW_PASSWORD, bearer, login, sign_in
from tests.conftest import MakeAccount, Read
from tests.databases import make_settings
from tests.processes.forked import command
from tests.processes.servers import environment

EMAIL = "Boss@example.com"


def first_settings(url: str, password: str = "", email: str = EMAIL) -> Settings:
    values = {"FIRST_SUPERUSER_EMAIL": email, "FIRST_SUPERUSER_PASSWORD": password}
    return make_settings(url, **values)


def add_superuser(settings: Settings, times: int = 1) -> list[str | None]:
    """Add the superuser, several times concurrently; return the generated passwords."""

    async def work() -> list[str | None]:
        async with open_database(settings) as database:
            works = [add_first_superuser(database, settings) for _ in range(times)]
            return list(await asyncio.gather(*works))

    return asyncio.run(work())


def other_accounts(read: Read) -> list[User]:
    """Return all accounts except the superuser of the test databases."""
    others = col(User.email) != "root@example.com"
    return read(select(User).where(others))


@pytest.mark.slow
def test_the_configured_password_signs_in(url: str, anonymous: TestClient) -> None:
    assert add_superuser(first_settings(url, PASSWORD)) == [None]
    pair = sign_in(anonymous, EMAIL.lower())
    me = anonymous.get("auth/me", headers=bearer(pair)).json()
    assert (me["is_superuser"], me["must_change_password"]) == (True, False)
    assert anonymous.get("users", headers=bearer(pair)).status_code == 200


@pytest.mark.slow
def test_the_configured_password_is_normalised(url: str, anonymous: TestClient) -> None:
    """Request bodies are normalised as a whole; settings are not."""
    composed, decomposed = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    add_superuser(first_settings(url, decomposed))
    assert login(anonymous, EMAIL, composed).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("shortest", [8, 64])
def test_a_missing_password_is_generated(
    url: str, anonymous: TestClient, shortest: int
) -> None:
    values = {"FIRST_SUPERUSER_EMAIL": EMAIL, "PASSWORD_MIN_LENGTH": shortest}
    (generated,) = add_superuser(make_settings(url, **values))
    assert generated
    assert len(generated) >= max(20, shortest)
    assert login(anonymous, EMAIL, generated).status_code == 200
    assert login(anonymous, EMAIL, "").status_code == 422


@pytest.mark.slow
@pytest.mark.asvs("6.3.2")
def test_each_generated_password_is_different(url: str, anonymous: TestClient) -> None:
    passwords = {
        add_superuser(first_settings(url, email=f"{n}@example.com"))[0]
        for n in range(2)
    }
    assert len(passwords) == 2


@pytest.mark.slow
def test_a_second_run_changes_nothing(
    url: str, read: Read, anonymous: TestClient
) -> None:
    add_superuser(first_settings(url, PASSWORD))
    before = other_accounts(read)
    assert add_superuser(first_settings(url)) == [None]
    assert add_superuser(first_settings(url, NEW_PASSWORD)) == [None]
    assert add_superuser(first_settings(url, NEW_PASSWORD, "BOSS@EXAMPLE.com")) == [
        None
    ]
    assert other_accounts(read) == before
    assert login(anonymous, EMAIL, NEW_PASSWORD).status_code == 401


@pytest.mark.parametrize("active", [True, False])
def test_an_existing_account_is_not_promoted(
    url: str, make_account: MakeAccount, read: Read, active: bool
) -> None:
    make_account(email=EMAIL.upper(), is_active=active)
    before = other_accounts(read)
    assert add_superuser(first_settings(url, NEW_PASSWORD)) == [None]
    assert other_accounts(read) == before
    assert [row.is_superuser for row in before] == [False]


def test_of_two_concurrent_runs_one_creates_the_account(url: str, read: Read) -> None:
    assert sorted(
        bool(password) for password in add_superuser(first_settings(url), 2)
    ) == [
        False,
        True,
    ]
    assert len(other_accounts(read)) == 1


@pytest.mark.parametrize(
    "password",
    ["short", "password1234", "boss-boss", "x" * 129, "a bell \a rings here"],
)
def test_an_invalid_password_is_rejected(url: str, read: Read, password: str) -> None:
    with pytest.raises(ValidationFailedException) as rejected:
        add_superuser(first_settings(url, password))
    assert password not in f"{rejected.value.errors}"
    assert other_accounts(read) == []


@pytest.mark.parametrize("email", [" boss@example.com ", "boss", "boss@localhost", ""])
def test_a_created_superuser_can_sign_in(
    url: str, anonymous: TestClient, email: str
) -> None:
    try:
        add_superuser(first_settings(url, PASSWORD, email))
    except (ValueError, ValidationFailedException):
        return
    pair = sign_in(anonymous, email)
    assert anonymous.get("auth/me", headers=bearer(pair)).status_code == 200


@pytest.mark.slow
def test_the_seed_prints_a_generated_password_once(url: str) -> None:
    def seed(password: str, email: str) -> str:
        values = {"FIRST_SUPERUSER_EMAIL": email, "ENVIRONMENT": "production"}
        env = environment(url, FIRST_SUPERUSER_PASSWORD=password, **values)
        return command(("seeds/seed_create_app.py",), env).output

    assert "with password" in seed("", EMAIL)
    assert "with password" not in seed("", EMAIL)
    assert PASSWORD not in seed(PASSWORD, "other@example.com")
