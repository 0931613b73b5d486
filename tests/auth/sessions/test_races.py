"""Concurrent logins, refreshes and revocations, in one process and in two."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from anyio import to_thread
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.auth.models import LoginThrottle
from app.auth.passwords.hashing import Hasher
from app.auth.sessions.purge import purge
from app.core.clock import now
from app.core.config import Settings
from app.main import create_app, open_database
from tests.accounts import add_account, root_header
from tests.auth.sessions.test_refresh import are_rejected
from tests.auth.sessions.test_sessions import ENDINGS, Ending, end, sessions
from tests.auth.signing import bearer, login, me, refresh, sign_in
from tests.auth.tokens.attacks import Json
from tests.clients import ThreadClient
from tests.conftest import MakeAccount
from tests.core.db.test_concurrency import at_once
from tests.databases import Template, make_settings
from tests.processes.servers import TIMEOUT, serving

pytestmark = [pytest.mark.threads, pytest.mark.slow]
EVERYWHERE = [ending for ending in ENDINGS if ending.everywhere]


def name(ending: Ending) -> str:
    return ending.name


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def send_refresh(client: TestClient, pair: Json, _: int) -> Any:
    return refresh(client, pair)


def post(client: TestClient, path: str, pair: Json, _: int) -> Any:
    return client.post(path, headers=bearer(pair))


@pytest.mark.asvs("10.4.5")
@pytest.mark.asvs("15.4.2")
def test_of_eight_concurrent_refreshes_one_succeeds(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    for _ in range(5):
        pair = asdict(make_account())
        answers = at_once(8, partial(send_refresh, anonymous, pair))
        assert statuses(answers) == {200: 1, 401: 7}
        # The other requests reused the token, which revokes the new pair as well.
        won = [answer.json() for answer in answers if answer.status_code == 200]
        assert are_rejected(anonymous, pair, *won)


def test_concurrent_refreshes_within_the_grace_period_return_one_token(
    settings: Settings, make_account: MakeAccount
) -> None:
    url, pair = settings.DATABASE_URL, asdict(make_account())
    app = create_app(make_settings(url, REFRESH_GRACE_SECONDS=60))
    with ThreadClient(app, "http://test/api/v1/") as client:
        answers = at_once(8, partial(send_refresh, client, pair))
        assert statuses(answers) == {200: 8}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1
        assert {me(client, answer.json()) for answer in answers} == {200}


@pytest.mark.asvs("6.3.1")
def test_of_eighty_wrong_passwords_five_are_verified(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    email = make_account().email
    answers = at_once(80, lambda number: login(anonymous, email, f"wrong {number}"))
    assert statuses(answers) == {401: 5, 429: 75}
    assert login(anonymous, email).status_code == 429


@pytest.mark.sampled
@pytest.mark.parametrize("path", ["auth/logout", "auth/logout-all"])
def test_eight_concurrent_logouts_revoke_the_session(
    anonymous: TestClient, make_account: MakeAccount, path: str
) -> None:
    for _ in range(3):
        pair = asdict(make_account())
        found = statuses(at_once(8, partial(post, anonymous, path, pair)))
        assert found.keys() <= {204, 401}
        assert found[204] >= 1
        assert are_rejected(anonymous, pair)


@pytest.mark.sampled
@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("ending", ENDINGS, ids=name)
def test_a_refresh_does_not_survive_a_concurrent_revocation(
    client: TestClient, make_account: MakeAccount, ending: Ending
) -> None:
    for _ in range(3):
        pair = asdict(make_account())
        with ThreadPoolExecutor() as threads:
            raced = threads.submit(refresh, client, pair)
            end(client, ending, pair)
        answer = raced.result()
        assert answer.status_code in (200, 401)
        assert are_rejected(
            client, pair, *[answer.json()] * (answer.status_code == 200)
        )


@pytest.mark.sampled
@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("ending", EVERYWHERE, ids=name)
def test_a_login_does_not_survive_a_concurrent_revocation(
    client: TestClient,
    make_account: MakeAccount,
    monkeypatch: pytest.MonkeyPatch,
    ending: Ending,
) -> None:
    pair = asdict(make_account())
    verify, acts = Hasher.verify, [partial(end, client, ending, pair)]

    async def verify_and_act(*call: Any) -> Any:
        found = await verify(*call)
        while acts:
            await to_thread.run_sync(acts.pop())
        return found

    monkeypatch.setattr(Hasher, "verify", verify_and_act)
    with capture_logs() as logs:
        assert login(client, pair["email"]).status_code == 401
    assert [entry for entry in logs if entry["event"] == "login_failed"]


def test_concurrent_logins_keep_the_limit_of_twenty_sessions(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    email = make_account().email
    for _ in range(4):
        pairs = at_once(5, lambda _: sign_in(anonymous, email))
    assert len(sessions(anonymous, pairs[0])) == 20


@dataclass
class Processes:
    settings: Settings
    clients: tuple[Any, Any]


@pytest.fixture(scope="module")
def processes(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    folder = tmp_path_factory.mktemp("processes")
    with (
        template.copy() as url,
        serving(url, folder) as one,
        serving(url, folder) as other,
        one.client() as first,
        other.client() as second,
    ):
        settings = make_settings(url)
        first.headers.update(root_header(settings))
        yield Processes(settings, (first, second))


@pytest.mark.sampled
@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("ending", ENDINGS, ids=name)
def test_a_revocation_in_one_process_applies_in_the_other(
    processes: Processes, ending: Ending
) -> None:
    here, there = processes.clients
    pair = asdict(add_account(processes.settings))
    assert me(there, pair) == 200
    end(here, ending, pair)
    assert are_rejected(there, pair)


@pytest.mark.asvs("10.4.5")
def test_of_concurrent_refreshes_in_two_processes_one_succeeds(
    processes: Processes,
) -> None:
    pair = asdict(add_account(processes.settings))
    answers = at_once(8, lambda number: refresh(processes.clients[number % 2], pair))
    assert statuses(answers) == {200: 1, 401: 7}
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert all(are_rejected(client, pair, *won) for client in processes.clients)


def test_right_passwords_in_flight_are_not_failures(processes: Processes) -> None:
    email = add_account(processes.settings).email
    clients = processes.clients
    assert statuses([login(clients[0], email, "wrong") for _ in range(4)]) == {401: 4}
    answers = at_once(12, lambda number: login(clients[number % 2], email))
    assert statuses(answers) == {200: 12}


@pytest.mark.asvs("6.3.1")
def test_two_processes_share_the_failure_count(processes: Processes) -> None:
    email = add_account(processes.settings).email
    clients = processes.clients
    answers = at_once(20, lambda number: login(clients[number % 2], email, "wrong"))
    assert statuses(answers) == {401: 5, 429: 15}


def test_a_purge_waits_for_no_request(url: str, settings: Settings) -> None:
    """Else it deadlocks with an attempt that locks its counters in their order."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    long_ago = now() - timedelta(days=2)
    expired = [
        LoginThrottle(key=key, count=1, window_started_at=long_ago) for key in "ab"
    ]

    async def run() -> list[int]:
        async with open_database(settings) as database:
            async with database.writing() as session:
                session.add_all(expired)
            async with database.writing() as attempt:
                await attempt.get(LoginThrottle, "b", with_for_update=True)
                async with asyncio.timeout(TIMEOUT), database.writing() as session:
                    first = await purge(session)
            async with database.writing() as session:
                return [first, await purge(session)]

    assert asyncio.run(run()) == [1, 1]
