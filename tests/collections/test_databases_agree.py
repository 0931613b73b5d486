"""Both databases give the same answers to random requests, and the true past."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

from app.core.clock import now
from app.main import create_app
from tests.accounts import root_header
from tests.clients import Client
from tests.collections.random_requests import SORTS, Call, RandomRequests
from tests.contract import Json
from tests.databases import Engine, make_settings, template_on

pytestmark = pytest.mark.slow

STEPS = 250
NAME, MOMENT = re.compile(r"@(\d+)@"), re.compile(r"#(\d+)#")
HEX = "[0-9a-f]"
ID = re.compile(rf"{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}|\b{HEX}{{32}}\b")
# What differs from run to run: hashes of secrets, times of changes, cursors.
VARIABLE = re.compile(
    rf'hmac:{HEX}{{64}}|20(?!26-01-01)\d\d-\d\d-\d\dT[\d:.]+Z|"(?:next|complete_until)":"[^"]+"'
)


class Side:
    """An application on one database. Its ids are named in their order."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.ids: dict[str, str] = {}
        self.moments: list[str] = []
        self.shown: list[Json] = []
        self.remember()

    def remember(self) -> None:
        """Keep what the collections are now."""
        self.shown.append(self.collections())
        self.moments.append(now().isoformat())

    def collections(self, **query: str) -> Json:
        asked = {"limit": "200"} | query
        return {name: self.client.get(name, params=asked).json() for name in SORTS}

    def answer(self, call: Call) -> tuple[int, str]:
        ids = [*self.ids]
        text = NAME.sub(lambda it: ids[int(it[1])], json.dumps(call))
        text = MOMENT.sub(lambda it: self.moments[int(it[1])], text)
        method, path, query, body = json.loads(text)
        answer = self.client.request(method, path, params=query, json=body)
        return answer.status_code, ID.sub(self.name, VARIABLE.sub("*", answer.text))

    def name(self, found: re.Match[str]) -> str:
        # With hyphens or without: the id of a request is in both spellings.
        return self.ids.setdefault(found[0], f"@{len(self.ids)}@")


@pytest.fixture
def sides(request: pytest.FixtureRequest) -> Iterator[list[Side]]:
    if request.config.getoption("database"):
        pytest.skip("Needs both databases")
    with ExitStack() as stack:
        sides = []
        for engine in Engine:
            template = stack.enter_context(template_on(engine))
            settings = make_settings(stack.enter_context(template.copy()))
            app = create_app(settings)
            client = Client(app, base_url="http://test/api/v1/")
            client.headers.update(root_header(settings))
            sides.append(Side(stack.enter_context(client)))
        yield sides


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(3))
def test_both_databases_give_the_same_true_answers(
    sides: list[Side], seed: int
) -> None:
    requests, successes = RandomRequests(seed), 0
    for step in range(STEPS):
        call = requests.make()
        (status, text), other = (side.answer(call) for side in sides)
        assert (status, text) == other, f"step {step}: {call}"
        assert status < 500, f"step {step}: {call}"
        successes += status < 300
        if status == 201:
            requests.known[call.path].append(json.loads(text)["id"])
        if step % 10 == 0:
            requests.moments += 1
            for side in sides:
                side.remember()
    assert successes > STEPS / 2
    for side in sides:
        for moment, shown in zip(side.moments, side.shown, strict=True):
            assert side.collections(as_of=moment) == shown
