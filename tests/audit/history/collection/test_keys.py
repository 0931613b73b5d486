"""API keys and the past: what a key may read of it, and keys in it."""

from hashlib import sha256

import pytest
from fastapi.testclient import TestClient

from tests.audit.history.test_history import LATE, PEN, body, make, now
from tests.auth.keys.keys import make_key, with_key
from tests.conftest import MakeAccount

EPOCH = "1970-01-01T00:00:00Z"
DIFF = f"audit/diff?from={EPOCH}&to={LATE}"


@pytest.mark.slow
def test_a_key_reads_the_past_within_its_scopes(
    client: TestClient, make_account: MakeAccount
) -> None:
    client.delete(make(client, "products", PEN))
    owner = make_account("products:read", "audit:read")
    past = f"products?as_of={LATE}", f"products/export?as_of={LATE}", "products/deleted"
    for scope, paths, others in (
        ("products:read", past, (DIFF,)),
        ("audit:read", (DIFF,), past),
    ):
        key = with_key(make_key(client, owner, scope))
        assert {client.get(path, headers=key).status_code for path in paths} == {200}
        assert {client.get(path, headers=key).status_code for path in others} == {403}


def test_no_secret_of_a_key_is_in_the_past(
    client: TestClient, make_account: MakeAccount
) -> None:
    owner, start = make_account("products:read"), now()
    key = make_key(client, owner, "products:read")["key"]
    page = client.get("audit/diff", params={"from": start, "to": LATE})
    (item,) = [each for each in body(page)["items"] if each["entity"] == "ApiKey"]
    digests = {sha256(text.encode()).hexdigest() for text in (key, *key.split("_"))}
    for secret in (key, key.split("_")[2], *digests):
        assert secret not in page.text
    redacted = [it for it in item["changed"].values() if str(it[1]).startswith("hmac:")]
    assert len(redacted) == 1
