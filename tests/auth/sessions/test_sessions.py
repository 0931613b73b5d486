"""Sessions: revocation, listing, limits and purging."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlmodel import col
from time_machine import TimeMachineFixture

from app.auth.components import AuthComponents
from app.auth.models import AuthSession, LoginThrottle, UserRevokedToken
from app.auth.sessions.purge import purge
from app.auth.sessions.repository import SessionRepository
from app.auth.tokens.refresh_tokens import RefreshToken
from app.core.clock import now
from app.core.config import Settings
from app.core.db.ids import uuid7
from app.core.db.session import DatabaseSession
from app.main import create_app, open_database
from tests.accounts import PASSWORD, make_session
from tests.auth.sessions.test_refresh import DAY, SECOND, are_rejected, refresh_pair
from tests.auth.signing import NEW_PASSWORD, bearer, login, me, refresh, sign_in
from tests.auth.tokens.attacks import Json
from tests.clients import ThreadClient
from tests.conftest import MakeAccount, Read

pytestmark = pytest.mark.either

CHANGE = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
RESET = {"password": NEW_PASSWORD}


@dataclass(frozen=True)
class Ending:
    """A request of the user, or of the superuser, that ends sessions."""

    method: str
    path: str
    body: Json | None = None
    everywhere: bool = True
    then: str | None = PASSWORD  # the valid password afterwards

    @property
    def name(self) -> str:
        return f"{self.method} {self.path} {self.body or ''}"


ENDINGS = (
    Ending("POST", "auth/logout", everywhere=False),
    Ending("DELETE", "auth/sessions/{session}", everywhere=False),
    Ending("POST", "auth/logout-all"),
    Ending("POST", "auth/password", CHANGE, then=NEW_PASSWORD),
    Ending("DELETE", "users/{user}/sessions"),
    Ending("PATCH", "users/{user}", RESET, then=NEW_PASSWORD),
    Ending("PATCH", "users/{user}", {"is_active": False}, then=None),
    Ending("DELETE", "users/{user}", then=None),
)


@pytest.fixture
def pair(make_account: MakeAccount) -> Json:
    return asdict(make_account())


def sessions(client: TestClient, pair: Json) -> list[Json]:
    answer = client.get("auth/sessions", headers=bearer(pair))
    assert answer.status_code == 200, answer.text
    listed: list[Json] = answer.json()
    return listed


def session_id(client: TestClient, pair: Json) -> str:
    (id,) = [each["id"] for each in sessions(client, pair) if each["current"]]
    return str(id)


def delete(client: TestClient, pair: Json, session: object) -> Any:
    return client.delete(f"auth/sessions/{session}", headers=bearer(pair))


def logout(client: TestClient, pair: Json) -> int:
    status: int = client.post("auth/logout", headers=bearer(pair)).status_code
    return status


def end(client: TestClient, ending: Ending, pair: Json) -> None:
    path = ending.path.format(session=session_id(client, pair), user=pair.get("id"))
    headers = bearer(pair) if path.startswith("auth") else None
    answer = client.request(ending.method, path, json=ending.body, headers=headers)
    assert answer.status_code < 300, answer.text


def write(
    settings: Settings, change: Callable[[DatabaseSession], Awaitable[object]]
) -> None:
    """Change the database in a session of its own."""

    async def work() -> None:
        async with open_database(settings) as database, database.writing() as session:
            await change(session)

    asyncio.run(work())


@pytest.mark.slow
@pytest.mark.asvs("7.4.1")
@pytest.mark.asvs("7.4.2")
@pytest.mark.asvs("7.4.3")
@pytest.mark.asvs("7.4.5")
@pytest.mark.asvs("10.4.9")
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_an_ended_session_is_rejected_at_once(
    client: TestClient, make_account: MakeAccount, pair: Json, ending: Ending
) -> None:
    other, bystander = sign_in(client, pair["email"]), asdict(make_account())
    end(client, ending, pair)
    assert are_rejected(client, pair)
    for scheme in ("bearer", "BEARER"):
        header = {"authorization": f"{scheme} {pair['access_token']}"}
        assert client.get("auth/me", headers=header).status_code == 401
    if ending.everywhere:
        assert are_rejected(client, other)
    else:
        assert me(client, refresh_pair(client, other)) == 200
    assert me(client, refresh_pair(client, bystander)) == 200


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_a_login_in_the_second_of_a_revocation_is_valid(
    client: TestClient, pair: Json, ending: Ending, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(datetime.now(UTC), tick=False)
    end(client, ending, pair)
    if ending.then is None:
        assert login(client, pair["email"]).status_code == 401
        return
    again = sign_in(client, pair["email"], ending.then)
    assert me(client, refresh_pair(client, again)) == 200
    assert are_rejected(client, pair)


@pytest.mark.slow
def test_a_reenabled_user_must_sign_in_again(client: TestClient, pair: Json) -> None:
    for is_active in (False, True):
        change = {"is_active": is_active}
        assert client.patch(f"users/{pair['id']}", json=change).status_code == 200
    assert are_rejected(client, pair)
    assert me(client, sign_in(client, pair["email"])) == 200


@pytest.mark.asvs("10.3.3")
def test_a_new_user_inherits_no_session_of_a_deleted_one(
    client: TestClient, pair: Json
) -> None:
    client.delete(f"users/{pair['id']}")
    account = {"email": pair["email"], "full_name": "New", "password": PASSWORD}
    assert client.post("users", json=account).status_code == 201
    successor = sign_in(client, pair["email"])
    assert are_rejected(client, pair)
    assert me(client, successor) == 200


@pytest.mark.asvs("7.4.1")
def test_a_second_logout_is_401(anonymous: TestClient, pair: Json, read: Read) -> None:
    assert [logout(anonymous, pair), logout(anonymous, pair)] == [204, 401]
    assert refresh(anonymous, pair).status_code == 401
    reasons = read(select(col(AuthSession.revoked_reason)))
    assert [reason for reason in reasons if reason] == ["logout"]


def test_a_revoked_token_is_rejected_while_its_session_continues(
    anonymous: TestClient, settings: Settings, pair: Json
) -> None:
    newer = refresh_pair(anonymous, pair)
    claims = AuthComponents.from_settings(settings).tokens.decode(pair["access_token"])

    async def revoke(session: DatabaseSession) -> None:
        await SessionRepository(session).revoke_token(claims, "stolen")

    write(settings, revoke)
    assert [me(anonymous, pair), me(anonymous, newer)] == [401, 200]


@pytest.mark.asvs("7.5.2")
def test_sessions_are_listed(anonymous: TestClient, pair: Json) -> None:
    anonymous.headers["user-agent"] = "Mosaic/1.0"
    newer = sign_in(anonymous, pair["email"])
    here, there = sessions(anonymous, newer)
    assert (here["current"], there["current"]) == (True, False)
    assert (here["user_agent"], there["user_agent"]) == ("Mosaic/1.0", None)
    assert (
        here["last_used_at"]
        < sessions(anonymous, refresh_pair(anonymous, newer))[0]["last_used_at"]
    )


@pytest.mark.asvs("7.5.2")
@pytest.mark.parametrize("number", [0, 1, 2, 4, 6], ids=lambda n: ENDINGS[n].name)
def test_an_ended_session_is_not_listed(
    client: TestClient, pair: Json, number: int
) -> None:
    end(client, ENDINGS[number], pair)
    client.patch(f"users/{pair['id']}", json={"is_active": True})
    again = sign_in(client, pair["email"])
    assert [each["current"] for each in sessions(client, again)] == [True]


@pytest.mark.slow
def test_a_session_of_another_user_is_404(
    anonymous: TestClient, make_account: MakeAccount, pair: Json
) -> None:
    other = asdict(make_account())
    for id in (session_id(anonymous, other), uuid7()):
        assert delete(anonymous, pair, id).status_code == 404
    assert me(anonymous, refresh_pair(anonymous, other)) == 200
    ended = session_id(anonymous, newer := sign_in(anonymous, pair["email"]))
    assert [delete(anonymous, pair, ended).status_code for _ in "12"] == [204, 404]
    assert are_rejected(anonymous, newer)


def test_a_new_session_is_kept_if_another_host_s_clock_is_ahead(
    anonymous: TestClient, make_account: MakeAccount, settings: Settings
) -> None:
    ada = make_account()

    async def open_ahead() -> None:
        ahead = uuid7().int + (10_000 << 80)  # of a UUIDv7, the first 48 bits are ms
        async with open_database(settings) as database, database.writing() as session:
            for number in range(20):
                row = make_session(ada.id, RefreshToken.new())
                row.id = UUID(int=ahead + (number << 80))
                session.add(row)

    asyncio.run(open_ahead())
    newest = sign_in(anonymous, ada.email)
    assert me(anonymous, newest) == 200
    assert len(sessions(anonymous, newest)) == 20


@pytest.mark.slow
def test_of_more_than_twenty_sessions_the_oldest_end(
    anonymous: TestClient, pair: Json
) -> None:
    newer = [sign_in(anonymous, pair["email"]) for _ in range(19)]
    assert me(anonymous, pair) == 200
    newer += [sign_in(anonymous, pair["email"]) for _ in range(2)]
    assert are_rejected(anonymous, pair, newer[0])
    assert {me(anonymous, each) for each in newer[1:]} == {200}
    assert len(sessions(anonymous, newer[-1])) == 20


@pytest.mark.slow
def test_a_purge_keeps_a_session_until_it_expires(
    anonymous: TestClient,
    settings: Settings,
    make_account: MakeAccount,
    read: Read,
    time_machine: TimeMachineFixture,
) -> None:
    time_machine.move_to(datetime.now(UTC), tick=False)
    pair, reused = asdict(make_account()), asdict(make_account())
    refresh_pair(anonymous, reused)
    for days in (6, 6, 6, 6, 5):
        time_machine.shift(days * DAY)
        write(settings, purge)
        pair = refresh_pair(anonymous, pair)
        assert refresh(anonymous, reused).status_code == 401
    time_machine.shift(DAY - SECOND)
    write(settings, purge)
    pair = refresh_pair(anonymous, pair)
    time_machine.shift(2 * SECOND)
    write(settings, purge)
    assert are_rejected(anonymous, pair)
    assert read(select(col(AuthSession.id))) == []


@pytest.mark.slow
def test_a_purge_keeps_a_revocation_until_its_token_expires(
    anonymous: TestClient,
    settings: Settings,
    pair: Json,
    read: Read,
    time_machine: TimeMachineFixture,
) -> None:
    logout(anonymous, pair)
    time_machine.move_to(datetime.now(UTC), tick=False)
    for minutes, revoked in ((0, 1), (14, 1), (2, 0)):
        time_machine.shift(timedelta(minutes=minutes))
        write(settings, purge)
        assert len(read(select(col(UserRevokedToken.jti)))) == revoked
        assert are_rejected(anonymous, pair)


@pytest.mark.slow
def test_a_purge_keeps_an_active_throttle(
    anonymous: TestClient,
    settings: Settings,
    pair: Json,
    read: Read,
    time_machine: TimeMachineFixture,
) -> None:
    time_machine.move_to(datetime.now(UTC), tick=False)
    for _ in range(5):
        login(anonymous, pair["email"], "wrong")
    for minutes, status in ((0, 429), (4, 429), (2, 200)):
        time_machine.shift(timedelta(minutes=minutes))
        write(settings, purge)
        assert login(anonymous, pair["email"]).status_code == status
    time_machine.shift(timedelta(hours=1))
    write(settings, purge)
    assert read(select(col(LoginThrottle.key))) == []


def test_expired_sessions_are_purged_while_the_application_runs(
    settings: Settings, pair: Json, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auth.sessions.purge.PURGE_INTERVAL", 0.01)
    own = col(AuthSession.user_id) == pair["id"]
    expire = update(AuthSession).where(own).values(expires_at=now())
    write(settings, lambda session: session.execute(expire))
    left = select(col(AuthSession.id)).where(own)
    assert read(left)
    with ThreadClient(create_app(settings), "http://test/api/v1/"):
        for _ in range(100):
            if not read(left):
                return
    raise AssertionError("The expired session was not purged")
