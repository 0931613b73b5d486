"""Races: many at once, in one process and in two, and never more than one wins."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pytest
from anyio import to_thread
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.auth.passwords.hashing import Hasher
from app.core.config import Settings
from app.main import create_app
from tests.accounts import add_account, root_header
from tests.auth.sessions.test_refresh import is_dead
from tests.auth.sessions.test_sessions import ENDINGS, Ending, end, sessions
from tests.auth.signing import bearer, login, me, refresh, sign_in
from tests.auth.tokens.attacks import Json
from tests.clients import ThreadClient
from tests.conftest import Enter
from tests.core.db.test_concurrency import at_once
from tests.databases import Template, make_settings
from tests.servers import serving

pytestmark = pytest.mark.threads
EVERYWHERE = [ending for ending in ENDINGS if ending.everywhere]


def name(ending: Ending) -> str:
    return ending.name


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def use(client: TestClient, pair: Json, _: int) -> Any:
    return refresh(client, pair)


def post(client: TestClient, path: str, pair: Json, _: int) -> Any:
    return client.post(path, headers=bearer(pair))


@pytest.mark.asvs("10.4.5")
@pytest.mark.asvs("15.4.2")
def test_of_eight_with_one_refresh_token_one_wins(
    stranger: TestClient, enter: Enter
) -> None:
    for _ in range(5):
        pair = asdict(enter())
        answers = at_once(8, partial(use, stranger, pair))
        assert statuses(answers) == {200: 1, 401: 7}
        # The others used it a second time, so the winner's pair is dead as well.
        won = [answer.json() for answer in answers if answer.status_code == 200]
        assert is_dead(stranger, pair, *won)


def test_within_the_grace_period_all_get_the_same_successor(
    settings: Settings, enter: Enter
) -> None:
    url, pair = settings.DATABASE_URL, asdict(enter())
    app = create_app(make_settings(url, REFRESH_GRACE_SECONDS=60))
    with ThreadClient(app, "http://test/api/v1/") as client:
        answers = at_once(8, partial(use, client, pair))
        assert statuses(answers) == {200: 8}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1
        assert {me(client, answer.json()) for answer in answers} == {200}


@pytest.mark.asvs("6.3.1")
def test_of_eighty_wrong_passwords_five_are_judged(
    stranger: TestClient, enter: Enter
) -> None:
    email = enter().email
    answers = at_once(80, lambda number: login(stranger, email, f"wrong {number}"))
    assert statuses(answers) == {401: 5, 429: 75}
    assert login(stranger, email).status_code == 429


@pytest.mark.parametrize("path", ["auth/logout", "auth/logout-all"])
def test_who_signs_out_eight_times_at_once_is_out(
    stranger: TestClient, enter: Enter, path: str
) -> None:
    for _ in range(3):
        pair = asdict(enter())
        found = statuses(at_once(8, partial(post, stranger, path, pair)))
        assert found.keys() <= {204, 401}
        assert found[204] >= 1
        assert is_dead(stranger, pair)


@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("ending", ENDINGS, ids=name)
def test_a_refresh_does_not_outrun_the_end(
    client: TestClient, enter: Enter, ending: Ending
) -> None:
    for _ in range(3):
        pair = asdict(enter())
        with ThreadPoolExecutor() as threads:
            raced = threads.submit(refresh, client, pair)
            end(client, ending, pair)
        answer = raced.result()
        assert answer.status_code in (200, 401)
        assert is_dead(client, pair, *[answer.json()] * (answer.status_code == 200))


@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("ending", EVERYWHERE, ids=name)
def test_a_login_does_not_outrun_the_end(
    client: TestClient,
    enter: Enter,
    monkeypatch: pytest.MonkeyPatch,
    ending: Ending,
) -> None:
    pair = asdict(enter())
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


def test_five_at_once_do_not_open_more_than_twenty_sessions(
    stranger: TestClient, enter: Enter
) -> None:
    email = enter().email
    for _ in range(4):
        pairs = at_once(5, lambda _: sign_in(stranger, email))
    assert len(sessions(stranger, pairs[0])) == 20


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


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("ending", ENDINGS, ids=name)
def test_what_one_process_ends_is_dead_in_the_other(
    processes: Processes, ending: Ending
) -> None:
    here, there = processes.clients
    pair = asdict(add_account(processes.settings))
    assert me(there, pair) == 200
    end(here, ending, pair)
    assert is_dead(there, pair)


@pytest.mark.asvs("10.4.5")
def test_one_refresh_token_in_two_processes_has_one_winner(
    processes: Processes,
) -> None:
    pair = asdict(add_account(processes.settings))
    answers = at_once(8, lambda number: refresh(processes.clients[number % 2], pair))
    assert statuses(answers) == {200: 1, 401: 7}
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert all(is_dead(client, pair, *won) for client in processes.clients)


@pytest.mark.asvs("6.3.1")
def test_two_processes_count_failures_together(processes: Processes) -> None:
    email = add_account(processes.settings).email
    clients = processes.clients
    answers = at_once(20, lambda number: login(clients[number % 2], email, "wrong"))
    assert statuses(answers) == {401: 5, 429: 15}
