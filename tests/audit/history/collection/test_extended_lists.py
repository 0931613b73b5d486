"""A list as of a time, with what lists are extended by: fields, include and a tag."""

import pytest
from fastapi.testclient import TestClient

from tests.audit.history.test_history import LATE, body, make


def test_a_past_list_has_fields_and_a_tag(client: TestClient) -> None:
    make(client, "tasks", {"title": "Pay"})
    listed = client.get(f"tasks?as_of={LATE}&fields=title")
    assert [{**it, "id": 0} for it in body(listed)["items"]] == [
        {"id": 0, "title": "Pay"}
    ]
    tag = {"If-None-Match": listed.headers["ETag"]}
    again = client.get(f"tasks?as_of={LATE}&fields=title", headers=tag)
    assert again.status_code == 304


@pytest.mark.slow
def test_a_past_list_compares_nulls_and_times_of_change(client: TestClient) -> None:
    make(client, "tasks", {"title": "Pay"})
    found = f"tasks?as_of={LATE}&customer_id=null&sort=-priority,due_at"
    assert body(client.get(found))["total"] == 1
    assert body(client.get(f"tasks?as_of={LATE}&updated_since={LATE}"))["total"] == 0


def test_include_of_the_present_is_refused(client: TestClient) -> None:
    refused = client.get(f"tasks?as_of={LATE}&include=customer")
    assert body(refused, 422)["errors"][0]["loc"] == ["query", "as_of"]
