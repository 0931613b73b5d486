"""The first superuser: made once, never reset, and nobody is promoted on the way."""

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
from tests.conftest import Enter, Read
from tests.databases import make_settings
from tests.forked import command
from tests.servers import environment

EMAIL = "Boss@example.com"


def first(url: str, password: str = "", email: str = EMAIL) -> Settings:
    values = {"FIRST_SUPERUSER_EMAIL": email, "FIRST_SUPERUSER_PASSWORD": password}
    return make_settings(url, **values)


def add(settings: Settings, times: int = 1) -> list[str | None]:
    """Do it, several times at once if need be; return what each has made up."""

    async def work() -> list[str | None]:
        async with open_database(settings) as database:
            works = [add_first_superuser(database, settings) for _ in range(times)]
            return list(await asyncio.gather(*works))

    return asyncio.run(work())


def rows(read: Read) -> list[User]:
    """Return all accounts but the one that every test database comes with."""
    others = col(User.email) != "root@example.com"
    return read(select(User).where(others))


def test_the_password_of_the_settings_opens_the_door(
    url: str, stranger: TestClient
) -> None:
    assert add(first(url, PASSWORD)) == [None]
    pair = sign_in(stranger, EMAIL.lower())
    me = stranger.get("auth/me", headers=bearer(pair)).json()
    assert (me["is_superuser"], me["must_change_password"]) == (True, False)
    assert stranger.get("users", headers=bearer(pair)).status_code == 200


def test_the_password_of_the_settings_is_normalised(
    url: str, stranger: TestClient
) -> None:
    """No request body, which is normalised as a whole, brings this one."""
    composed, decomposed = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    add(first(url, decomposed))
    assert login(stranger, EMAIL, composed).status_code == 200


@pytest.mark.parametrize("shortest", [8, 64])
def test_a_password_is_made_up_where_there_is_none(
    url: str, stranger: TestClient, shortest: int
) -> None:
    values = {"FIRST_SUPERUSER_EMAIL": EMAIL, "PASSWORD_MIN_LENGTH": shortest}
    (made_up,) = add(make_settings(url, **values))
    assert made_up
    assert len(made_up) >= max(20, shortest)
    assert login(stranger, EMAIL, made_up).status_code == 200
    assert login(stranger, EMAIL, "").status_code == 422


@pytest.mark.asvs("6.3.2")
def test_no_account_has_a_password_that_everybody_knows(
    url: str, stranger: TestClient
) -> None:
    passwords = {add(first(url, email=f"{n}@example.com"))[0] for n in range(2)}
    assert len(passwords) == 2


def test_twice_changes_nothing(url: str, read: Read, stranger: TestClient) -> None:
    add(first(url, PASSWORD))
    before = rows(read)
    assert add(first(url)) == [None]
    assert add(first(url, NEW_PASSWORD)) == [None]
    assert add(first(url, NEW_PASSWORD, "BOSS@EXAMPLE.com")) == [None]
    assert rows(read) == before
    assert login(stranger, EMAIL, NEW_PASSWORD).status_code == 401


@pytest.mark.parametrize("active", [True, False])
def test_an_account_that_exists_is_not_promoted(
    url: str, enter: Enter, read: Read, active: bool
) -> None:
    enter(email=EMAIL.upper(), is_active=active)
    before = rows(read)
    assert add(first(url, NEW_PASSWORD)) == [None]
    assert rows(read) == before
    assert [row.is_superuser for row in before] == [False]


def test_of_two_that_start_at_once_one_makes_it(url: str, read: Read) -> None:
    assert sorted(bool(password) for password in add(first(url), 2)) == [False, True]
    assert len(rows(read)) == 1


@pytest.mark.parametrize(
    "password",
    ["short", "password1234", "boss-boss", "x" * 129, "a bell \a rings here"],
)
def test_a_password_that_could_not_be_used_is_refused(
    url: str, read: Read, password: str
) -> None:
    with pytest.raises(ValidationFailedException) as refused:
        add(first(url, password))
    assert password not in f"{refused.value.errors}"
    assert rows(read) == []


@pytest.mark.parametrize("email", [" boss@example.com ", "boss", "boss@localhost", ""])
def test_whoever_is_made_can_sign_in_and_is_shown(
    url: str, stranger: TestClient, email: str
) -> None:
    try:
        add(first(url, PASSWORD, email))
    except (ValueError, ValidationFailedException):
        return
    pair = sign_in(stranger, email)
    assert stranger.get("auth/me", headers=bearer(pair)).status_code == 200


def test_the_seed_shows_a_password_once_and_never_a_given_one(url: str) -> None:
    def seed(password: str, email: str) -> str:
        values = {"FIRST_SUPERUSER_EMAIL": email, "ENVIRONMENT": "production"}
        env = environment(url, FIRST_SUPERUSER_PASSWORD=password, **values)
        return command(("seeds/seed_create_app.py",), env).output

    assert "with password" in seed("", EMAIL)
    assert "with password" not in seed("", EMAIL)
    assert PASSWORD not in seed(PASSWORD, "other@example.com")
