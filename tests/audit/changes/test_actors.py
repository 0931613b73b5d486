"""Who did it: with many at once, nobody's deed is put down to somebody else."""

import pytest
from fastapi.testclient import TestClient

from tests.audit.history.test_history import Json, body
from tests.conftest import MakeAccount
from tests.core.db.test_concurrency import at_once

USERS, EACH = 20, 10


@pytest.mark.threads
def test_of_two_hundred_at_once_each_is_its_own(
    client: TestClient, make_account: MakeAccount
) -> None:
    people = [make_account("tasks:create") for _ in range(USERS)]

    def write(number: int) -> None:
        person = people[number % USERS]
        made = client.post(
            "tasks",
            json={"title": person.email},
            headers={**person.header, "X-Request-ID": f"r-{number}"},
        )
        assert made.status_code == 201

    at_once(USERS * EACH, write)
    told: list[Json] = body(client.get("audit/changes?entity=Task&limit=200"))["items"]
    assert len(told) == USERS * EACH
    ids = {person.email: str(person.id) for person in people}
    for change in told:
        title = change["new"]["title"]
        assert change["actor_label"] == title
        assert change["actor_id"] == ids[title]
        number = int(change["request_id"].removeprefix("r-"))
        assert people[number % USERS].email == title
