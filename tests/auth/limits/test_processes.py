"""A limit that two processes share, one of which is killed."""

from collections import Counter
from pathlib import Path

import pytest

from tests.accounts import Account, add_account
from tests.databases import make_settings
from tests.processes.servers import Server, serving

pytestmark = pytest.mark.heavy
QUOTA, LEASE, DAY = 40, 4, 86_400


def send(server: Server, account: Account, number: int) -> Counter[int]:
    with server.client() as client:
        client.headers.update(account.header)
        return Counter(client.get("products").status_code for _ in range(number))


def not_shared(*servers: Server) -> int:
    """Return how often a busy database let a request or a lease pass."""
    return sum(it.log.read_text().count("rate_limit_not_shared") for it in servers)


def test_two_processes_share_a_limit_and_a_killed_one_loses_its_lease(
    url: str, tmp_path: Path
) -> None:
    ada = add_account(make_settings(url), "products:read")
    limit = f"{QUOTA}/{DAY}"
    total = Counter[int]()
    with (
        serving(url, tmp_path, RATE_LIMIT_USER=limit) as one,
        serving(url, tmp_path, RATE_LIMIT_USER=limit) as two,
    ):
        for _ in range(3):
            total += send(one, ada, 5) + send(two, ada, 5)
        assert total == {200: 30}
        one.process.kill()
        one.process.wait()
        with serving(url, tmp_path, RATE_LIMIT_USER=limit) as three:
            for _ in range(4):
                total += send(two, ada, 5) + send(three, ada, 5)
            most = QUOTA + LEASE * (3 + not_shared(one, two, three))
    assert QUOTA <= total[200] <= most
    assert total[429] == 70 - total[200]
