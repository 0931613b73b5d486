"""Administration of users."""

from collections import Counter
from threading import Timer

import pytest
from fastapi.testclient import TestClient

from app.core.db.ids import uuid7
from tests.accounts import PASSWORD
from tests.auth.roles.test_roles import make_role
from tests.auth.signing import NEW_PASSWORD, bearer, login, sign_in
from tests.conftest import MakeAccount
from tests.contract import CrudContract, status_and_code
from tests.core.db.test_concurrency import at_once
from tests.modules.test_tasks import make_task
from tests.processes.locks import locked

ADA = {"email": "ada@example.com", "full_name": "Ada", "password": PASSWORD}


class TestCrud(CrudContract):
    resource = "users"
    payload = ADA
    change = {"full_name": "Ada Lovelace", "email": "countess@example.com"}
    secret = frozenset({"password"})
    unique = frozenset({"email"})


@pytest.fixture
def ada(client: TestClient, make_account: MakeAccount) -> str:
    return f"users/{make_account(email='ada@example.com', full_name='Ada').id}"


def test_a_new_user_has_no_roles_and_must_change_the_password(
    client: TestClient,
) -> None:
    made = client.post("users", json=ADA).json()
    assert made.items() >= {"is_active": True, "must_change_password": True}.items()
    assert made.items() >= {"is_superuser": False, "roles": []}.items()


def test_an_email_is_unique(client: TestClient, ada: str) -> None:
    again = client.post("users", json=ADA | {"email": "ADA@example.com"})
    assert status_and_code(again) == (409, "conflict")
    assert again.json()["detail"] == "Another User has the same email"
    duplicate = client.patch(ada, json={"email": "Root@EXAMPLE.com"})
    assert status_and_code(duplicate) == (409, "conflict")


def test_roles_are_assigned_and_removed(client: TestClient, ada: str) -> None:
    one, two = make_role(client, "one"), make_role(client, "two")
    ids = [role.removeprefix("roles/") for role in (one, two)]
    given = client.patch(ada, json={"role_ids": [*ids, ids[0]]}).json()["roles"]
    assert given == [{"id": ids[0], "name": "one"}, {"id": ids[1], "name": "two"}]
    left = client.patch(ada, json={"role_ids": ids[1:]}).json()["roles"]
    assert left == [{"id": ids[1], "name": "two"}]
    assert client.patch(ada, json={"role_ids": []}).json()["roles"] == []
    created = client.post("users", json=ADA | {"email": "b@b.com", "role_ids": ids})
    assert created.json()["roles"] == given


def test_an_unknown_role_is_422(client: TestClient, ada: str) -> None:
    role = make_role(client, "one").removeprefix("roles/")
    before = client.get("users").json()
    for ids in ([str(uuid7())], [role, str(uuid7())]):
        for rejected in (
            client.patch(ada, json={"role_ids": ids}),
            client.post("users", json=ADA | {"email": "b@b.com", "role_ids": ids}),
        ):
            assert status_and_code(rejected) == (422, "validation_failed")
            (error,) = rejected.json()["errors"]
            assert error["loc"] == ["body", "role_ids"]
            assert error["type"] == "missing_reference"
    assert client.get("users").json() == before


@pytest.mark.parametrize("restores", [False, True])
def test_a_role_that_is_deleted_meanwhile_is_unknown(
    url: str, client: TestClient, ada: str, restores: bool
) -> None:
    change = {"role_ids": [make_role(client, "buyer").removeprefix("roles/")]}
    if restores:
        assert client.patch(ada, json=change).status_code == 200
        assert client.delete(ada).status_code == 204
    with locked(url, "role", "DELETE FROM role WHERE name = 'buyer'") as release:
        Timer(0.2, release.set).start()
        answer = (
            client.post(f"{ada}/restore")
            if restores
            else client.patch(ada, json=change)
        )
        assert release.is_set(), "The request has not waited"
    if restores:
        assert (answer.status_code, answer.json()["roles"]) == (200, [])
    else:
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["loc"]) == (422, ["body", "role_ids"])


def test_changed_roles_increment_the_version(client: TestClient, ada: str) -> None:
    role = make_role(client, "one")
    ids = {"role_ids": [role.removeprefix("roles/")]}
    assert client.patch(ada, json=ids).headers["etag"] == '"2"'
    assert client.patch(ada, json=ids).headers["etag"] == '"2"'
    assert client.patch(ada, json={"role_ids": []}).headers["etag"] == '"3"'
    stale = client.patch(ada, json=ids, headers={"if-match": '"2"'})
    assert status_and_code(stale) == (412, "precondition_failed")


@pytest.mark.parametrize(
    "field", ["email", "full_name", "is_active", "role_ids", "everything"]
)
@pytest.mark.parametrize("is_active", [True, False])
def test_an_unchanged_field_keeps_the_version(
    client: TestClient, field: str, is_active: bool
) -> None:
    ids = [make_role(client, name).removeprefix("roles/") for name in ("one", "two")]
    bob = ADA | {"is_active": is_active, "role_ids": ids}
    url = f"users/{client.post('users', json=bob).json()['id']}"
    before = client.get(url)
    same = {
        "email": ADA["email"],
        "full_name": f" {ADA['full_name']} ",
        "is_active": is_active,
        "role_ids": [*reversed(ids), ids[0]],
    }
    for _ in range(2):
        body = same if field == "everything" else {field: same[field]}
        after = client.patch(url, json=body)
        assert after.json() == before.json()
        assert after.headers["etag"] == before.headers["etag"]


def test_an_unchanged_superuser_flag_keeps_the_version(
    client: TestClient, ada: str
) -> None:
    for yes, tag in ((False, '"1"'), (True, '"2"'), (True, '"2"'), (False, '"3"')):
        body = {"is_superuser": yes, "current_password": PASSWORD}
        answer = client.put(f"{ada}/superuser", json=body)
        assert answer.headers["etag"] == tag


def test_an_unchanged_own_name_keeps_the_version(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    header = make_account(full_name="Ada").header
    renamed = anonymous.patch("auth/me", json={"full_name": "Ada "}, headers=header)
    assert renamed.json()["version"] == 1


def test_a_changed_role_changes_the_etag_of_its_users(
    client: TestClient, ada: str
) -> None:
    role = make_role(client, "one")
    client.patch(ada, json={"role_ids": [role.removeprefix("roles/")]})
    for method, body in (("PATCH", {"name": "uno"}), ("DELETE", None)):
        held = client.get(ada)
        assert client.request(method, role, json=body).is_success
        fresh = client.get(ada, headers={"if-none-match": held.headers["etag"]})
        assert fresh.status_code == 200, method
        assert fresh.json()["roles"] != held.json()["roles"]


def test_a_user_with_tasks_cannot_be_deleted(
    client: TestClient, make_account: MakeAccount
) -> None:
    ada = make_account("tasks:read")
    url = f"users/{ada.id}"
    task = make_task(client, assignee_id=str(ada.id))
    assert status_and_code(client.delete(url)) == (409, "conflict")
    assert client.get("tasks", headers=ada.header).status_code == 200
    assert client.delete(task).status_code == 204
    assert client.delete(url).status_code == 204
    assert client.get("tasks", headers=ada.header).status_code == 401


@pytest.mark.asvs("7.4.2")
def test_a_disabled_user_stays_signed_out(
    client: TestClient, make_account: MakeAccount
) -> None:
    ada = make_account()
    for is_active in (False, True):
        client.patch(f"users/{ada.id}", json={"is_active": is_active})
        assert client.get("auth/me", headers=ada.header).status_code == 401
    assert login(client, ada.email).status_code == 200


@pytest.mark.asvs("7.4.5")
def test_an_administrator_signs_a_user_out(
    client: TestClient, make_account: MakeAccount
) -> None:
    ada, bob = make_account(), make_account()
    assert client.delete(f"users/{ada.id}/sessions").status_code == 204
    assert client.get("auth/me", headers=ada.header).status_code == 401
    assert client.get("auth/me", headers=bob.header).status_code == 200
    assert client.delete(f"users/{uuid7()}/sessions").status_code == 404


def test_a_reset_password_must_be_changed(
    client: TestClient, make_account: MakeAccount
) -> None:
    ada = make_account("products:read")
    reset = client.patch(f"users/{ada.id}", json={"password": NEW_PASSWORD})
    assert reset.json()["must_change_password"] is True
    assert client.get("auth/me", headers=ada.header).status_code == 401
    assert login(client, ada.email).status_code == 401
    header = bearer(sign_in(client, ada.email, NEW_PASSWORD))
    denied = client.get("products", headers=header)
    assert status_and_code(denied) == (403, "password_change_required")


@pytest.mark.asvs("6.2.11")
def test_a_reset_password_cannot_contain_the_email(
    client: TestClient, make_account: MakeAccount
) -> None:
    url = f"users/{make_account(email='lovelace.ada@example.com').id}"
    rejected = client.patch(url, json={"password": "lovelace.ada1815"})
    assert status_and_code(rejected) == (422, "validation_failed")
    assert client.patch(url, json={"password": "1815181518151815"}).is_success


@pytest.mark.slow
@pytest.mark.threads
def test_concurrent_changes_are_all_applied(client: TestClient, ada: str) -> None:
    def rename(number: int) -> int:
        return client.patch(ada, json={"full_name": f"Ada {number}"}).status_code

    assert Counter(at_once(12, rename)) == {200: 12}
    assert client.get(ada).headers["etag"] == '"13"'


LISTS = {
    "": "cbar",
    "sort=email": "abcr",
    "sort=-email": "rcba",
    "sort=created_at": "rabc",
    "sort=-created_at": "cbar",
    "sort=full_name&limit=1": "c",
    "is_active=false": "b",
    "is_active=true": "car",
    "is_superuser=true": "cr",
    "is_superuser=true&q=two": "c",
    "q=ÄRA": "ca",
    "q=_": "b",
    "q=%25": "",
    "q=TWO.example": "cb",
    "q=argon2": "",
    "limit=2&offset=1": "ba",
}


@pytest.mark.slow
def test_a_list_is_filtered_and_sorted(
    client: TestClient, make_account: MakeAccount
) -> None:
    make_account(email="a@one.example", full_name="Ära C")
    make_account(email="b@two.example", full_name="Bea_", is_active=False)
    make_account(email="c@two.example", full_name="ära b", is_superuser=True)
    for query, found in LISTS.items():
        page = client.get(f"users?{query}").json()
        assert "".join(item["email"][0] for item in page["items"]) == found, query
        assert "limit" in query or page["total"] == len(found)
