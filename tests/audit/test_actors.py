"""Attribution of concurrent changes to their users."""

import pytest
from fastapi.testclient import TestClient

from tests.audit.history.test_history import Json, body
from tests.conftest import MakeAccount
from tests.core.db.test_concurrency import at_once

pytestmark = pytest.mark.slow

USERS, EACH = 20, 10


@pytest.mark.threads
def test_two_hundred_concurrent_changes_name_their_users(
    client: TestClient, make_account: MakeAccount
) -> None:
    users = [make_account("tasks:create") for _ in range(USERS)]

    def write(number: int) -> None:
        user = users[number % USERS]
        made = client.post(
            "tasks",
            json={"title": user.email},
            headers={**user.header, "X-Request-ID": f"r-{number}"},
        )
        assert made.status_code == 201

    at_once(USERS * EACH, write)
    changes: list[Json] = body(client.get("audit/changes?entity=Task&limit=200"))[
        "items"
    ]
    assert len(changes) == USERS * EACH
    ids = {user.email: str(user.id) for user in users}
    for change in changes:
        title = change["new"]["title"]
        assert change["actor_label"] == title
        assert change["actor_id"] == ids[title]
        number = int(change["request_id"].removeprefix("r-"))
        assert users[number % USERS].email == title
