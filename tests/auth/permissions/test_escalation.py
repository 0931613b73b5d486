"""Privilege escalation by a user with all permissions on users and roles."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from anyio import to_thread
from fastapi.testclient import TestClient

from app.auth.passwords.hashing import Hasher
from tests.accounts import PASSWORD, ROOT, Account
from tests.auth.permissions.test_permissions import assign_roles, get_permissions
from tests.auth.roles.test_roles import make_role
from tests.auth.signing import NEW_PASSWORD, bearer, sign_in
from tests.conftest import MakeAccount
from tests.contract import Json, status_and_code

pytestmark = [pytest.mark.either, pytest.mark.slow]

ALL = ["create", "delete", "update"]
ADMIN = [f"{module}:{action}" for module in ("users", "roles") for action in ALL]
PROMOTION = {"is_superuser": True, "current_password": PASSWORD}
DEMOTION = PROMOTION | {"is_superuser": False}

# A method, a path and a body: names in angle brackets are placeholders for ids.
Attack = tuple[str, str, Json]


class Scenario:
    """The attacker Mallory, and the users and roles that are attacked."""

    def __init__(self, client: TestClient, make_account: MakeAccount) -> None:
        self.client = client
        self.mallory = make_account(*ADMIN, email="mallory@example.com")
        (clerk,) = client.get("roles").json()["items"]
        self.high = make_role(client, "high", products=["update"])
        self.low = make_role(client, "low", users=["update"])
        accounts = {
            "mallory": self.mallory,
            "privileged": make_account("products:read"),
            "mixed": make_account("users:read", "products:read"),
            "inactive": make_account("tasks:read", is_active=False),
            "superuser": make_account(is_superuser=True),
            "inactive_superuser": make_account(is_superuser=True, is_active=False),
            "peer": make_account("roles:update"),
        }
        self.names = {name: str(account.id) for name, account in accounts.items()}
        roles = {"high": self.high, "low": self.low, "clerk": f"roles/{clerk['id']}"}
        self.names |= {name: url.split("/")[1] for name, url in roles.items()}
        self.names["uppercase"] = self.names["mallory"].upper()

    def substitute(self, text: str) -> str:
        for name, id in self.names.items():
            text = text.replace(f"<{name}>", id)
        return text

    def send(self, attack: Attack, header: dict[str, str] | None = None) -> Any:
        method, path, body = attack
        filled = json.loads(self.substitute(json.dumps(body)))
        header = header or self.mallory.header
        return self.client.request(
            method, self.substitute(path), json=filled, headers=header
        )

    def snapshot(self) -> list[Any]:
        """Return all records; any change would increment a version."""
        urls = ("users?limit=200", "roles?limit=200", "auth/sessions")
        mine = get_permissions(self.client, self.mallory)
        return [*(self.client.get(url).json() for url in urls), mine]


@pytest.fixture
def scenario(client: TestClient, make_account: MakeAccount) -> Scenario:
    return Scenario(client, make_account)


def on_privileged_users() -> Iterator[Attack]:
    changes: tuple[Json, ...] = (
        {"password": NEW_PASSWORD},
        {"email": "mallory+1@example.com"},
        {"full_name": "Mallory"},
        {"is_active": False},
        {"is_active": True},
        {"role_ids": []},
        {"role_ids": ["<low>"]},
        {},
    )
    for target in (
        "privileged",
        "mixed",
        "inactive",
        "superuser",
        "inactive_superuser",
    ):
        for change in changes:
            yield "PATCH", f"users/<{target}>", change
        yield "DELETE", f"users/<{target}>", {}
        yield "DELETE", f"users/<{target}>/sessions", {}
        yield "PUT", f"users/<{target}>/superuser", PROMOTION
        yield "PUT", f"users/<{target}>/superuser", DEMOTION


def on_own_account() -> Iterator[Attack]:
    for me in ("users/<mallory>", "users/<uppercase>"):
        yield "PATCH", me, {"role_ids": ["<clerk>", "<high>"]}
        yield "PATCH", me, {"role_ids": ["<clerk>", "<low>"]}
        yield "PATCH", me, {"role_ids": ["<clerk>"]}
        yield "PATCH", me, {"role_ids": [], "full_name": "Mallory"}
        yield "PATCH", me, {"password": NEW_PASSWORD}
        yield "PATCH", me, {"is_active": True}
        yield "PUT", f"{me}/superuser", PROMOTION
        yield "PUT", f"{me}/superuser", PROMOTION | {"current_password": "wrong"}


def on_roles() -> Iterator[Attack]:
    wider: tuple[Json, ...] = ({"products": []}, {"users": ALL, "tasks": ["create"]})
    for modules in wider:
        yield "POST", "roles", {"name": "new", "modules": modules}
        for role in ("clerk", "high", "low"):
            yield "PATCH", f"roles/<{role}>", {"modules": modules}
    changes: tuple[Json, ...] = (
        {"name": "mine"},
        {"description": "Mine"},
        {"modules": {}},
        {"modules": {"users": ALL, "roles": ALL}},
        {},
    )
    for role in ("clerk", "high"):
        for change in changes:
            yield "PATCH", f"roles/<{role}>", change
        yield "DELETE", f"roles/<{role}>", {}


def on_assigned_roles() -> Iterator[Attack]:
    second_user = {"email": "p@example.com", "full_name": "P", "password": NEW_PASSWORD}
    for ids in (["<high>"], ["<low>", "<high>"]):
        yield "POST", "users", second_user | {"role_ids": ids}
        yield "POST", "users", second_user | {"role_ids": ids, "is_active": False}
        yield "PATCH", "users/<peer>", {"role_ids": ids}
        yield "PATCH", "users/<peer>", {"role_ids": ids, "password": NEW_PASSWORD}


@pytest.mark.asvs("8.2.2")
@pytest.mark.parametrize(
    "attacks", [on_privileged_users, on_own_account, on_roles, on_assigned_roles]
)
def test_no_attack_succeeds(
    scenario: Scenario, attacks: Callable[[], Iterator[Attack]]
) -> None:
    before = scenario.snapshot()
    for attack in attacks():
        assert status_and_code(scenario.send(attack)) == (403, "permission_denied"), (
            attack
        )
    assert scenario.snapshot() == before


def test_permitted_changes_succeed(scenario: Scenario) -> None:
    second_user = {"email": "p@example.com", "full_name": "P", "password": NEW_PASSWORD}
    steps: tuple[tuple[Attack, int], ...] = (
        (("POST", "roles", {"name": "new", "modules": {"users": ALL}}), 201),
        (("PATCH", "roles/<low>", {"modules": {"users": [], "roles": ALL}}), 200),
        (("POST", "users", second_user | {"role_ids": ["<low>", "<clerk>"]}), 201),
        (("PATCH", "users/<peer>", {"role_ids": ["<low>"]}), 200),
        (("PATCH", "users/<peer>", {"password": NEW_PASSWORD}), 200),
        (("PATCH", "users/<mallory>", {"full_name": "Mallory"}), 200),
        (("DELETE", "users/<peer>/sessions", {}), 204),
        (("DELETE", "users/<peer>", {}), 204),
        (("DELETE", "roles/<low>", {}), 204),
    )
    assert [scenario.send(step).status_code for step, _ in steps] == [
        s for _, s in steps
    ]


def test_the_session_of_another_user_cannot_be_ended(scenario: Scenario) -> None:
    before = scenario.snapshot()
    attack: Attack = ("DELETE", f"auth/sessions/{ROOT.session_id}", {})
    assert status_and_code(scenario.send(attack)) == (404, "not_found")
    assert scenario.snapshot() == before


def test_the_email_of_another_user_cannot_be_taken(scenario: Scenario) -> None:
    before = scenario.snapshot()
    for target in ("<mallory>", "<peer>"):
        attack = ("PATCH", f"users/{target}", {"email": "ROOT@example.com"})
        assert status_and_code(scenario.send(attack)) == (409, "conflict")
    assert scenario.snapshot() == before


def test_a_second_account_grants_no_more_permissions(scenario: Scenario) -> None:
    """Mallory creates an account that does not have Mallory's own role."""
    twin = {"name": "twin", "modules": {"users": ALL, "roles": ALL}}
    role = scenario.send(("POST", "roles", twin)).json()["id"]
    second_user = {"email": "p@example.com", "full_name": "P", "password": PASSWORD}
    scenario.send(("POST", "users", second_user | {"role_ids": [role]}))
    given = bearer(sign_in(scenario.client, "p@example.com"))
    passwords = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    header = bearer(scenario.send(("POST", "auth/password", passwords), given).json())
    before = scenario.snapshot()
    for attack in (
        ("PATCH", "roles/<clerk>", {"modules": {"users": ALL, "products": []}}),
        ("PATCH", "users/<mallory>", {"role_ids": ["<clerk>", "<high>"]}),
        ("PATCH", f"roles/{role}", {"modules": {"users": ALL, "products": []}}),
        ("PUT", "users/<mallory>/superuser", PROMOTION),
    ):
        assert status_and_code(scenario.send(attack, header)) == (
            403,
            "permission_denied",
        )
    assert scenario.snapshot() == before
    assignment = ("PATCH", "users/<mallory>", {"role_ids": ["<clerk>", "<low>", role]})
    assert scenario.send(assignment, header).status_code == 200
    assert get_permissions(scenario.client, scenario.mallory) == before[-1]


@pytest.mark.parametrize("target", ["privileged", "superuser", "inactive_superuser"])
def test_a_role_of_a_more_privileged_user_cannot_be_changed(
    scenario: Scenario, target: str
) -> None:
    """Mallory has all grants of the role, but not all of its user."""
    ids = [scenario.names["low"]] + [scenario.names["high"]] * (target == "privileged")
    held = scenario.client.patch(
        f"users/{scenario.names[target]}", json={"role_ids": ids}
    )
    assert held.status_code == 200
    before = scenario.snapshot()
    attacks: tuple[Attack, ...] = (
        ("PATCH", "roles/<low>", {"modules": {}}),
        ("PATCH", "roles/<low>", {"name": "of Mallory's"}),
        ("DELETE", "roles/<low>", {}),
    )
    for attack in attacks:
        assert status_and_code(scenario.send(attack)) == (403, "permission_denied")
    assert scenario.snapshot() == before


def test_a_revert_cannot_restore_revoked_permissions(scenario: Scenario) -> None:
    """The superuser has granted Mallory more, and revoked it."""
    root, both = dict(scenario.client.headers), ["<clerk>", "<high>"]
    own = {"users": ALL, "roles": ALL}
    grants: tuple[tuple[str, Json, Json], ...] = (
        ("roles/<clerk>", {"modules": own | {"products": ALL}}, {"modules": own}),
        ("users/<mallory>", {"role_ids": both}, {"role_ids": both[:1]}),
    )
    for path, more, less in grants:
        wide = scenario.send(("PATCH", path, more), root).json()["version"]
        assert scenario.send(("PATCH", path, less), root).status_code == 200
        before = scenario.snapshot()
        revert: Attack = ("POST", f"{path}/revert", {"to_version": wide})
        assert status_and_code(scenario.send(revert)) == (403, "permission_denied")
        assert scenario.snapshot() == before


DuringHashing = Callable[[Callable[[], Any]], None]


@pytest.fixture
def during_hashing(monkeypatch: pytest.MonkeyPatch) -> DuringHashing:
    """Return a function that schedules a request during the next hashing."""
    hash_password = Hasher.hash

    def schedule(act: Callable[[], Any]) -> None:
        async def hash_and_act(hasher: Hasher, password: str) -> str:
            digest = await hash_password(hasher, password)
            assert (await to_thread.run_sync(act)).status_code == 200
            return digest

        monkeypatch.setattr(Hasher, "hash", hash_and_act)

    return schedule


def revocations(scenario: Scenario, account: Account) -> Iterator[Callable[[], Any]]:
    client, url = scenario.client, f"users/{account.id}"
    yield lambda: client.patch(url, json={"role_ids": []})
    yield lambda: client.patch(url, json={"is_active": False})


@pytest.mark.threads
@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    "attack",
    [
        ("POST", "users", {"email": "p@example.com", "role_ids": ["<high>"]}),
        ("PATCH", "users/<peer>", {"role_ids": ["<high>"]}),
        ("PATCH", "users/<peer>", {}),
    ],
)
def test_permissions_are_checked_again_after_hashing(
    scenario: Scenario,
    make_account: MakeAccount,
    during_hashing: DuringHashing,
    attack: Attack,
    number: int,
) -> None:
    """The permissions are revoked while the request's password is hashed."""
    admin = make_account(*ADMIN, "products:update")
    method, path, body = attack
    name = {} if method == "PATCH" else {"full_name": "P"}
    during_hashing(list(revocations(scenario, admin))[number])
    before = scenario.client.get(f"users/{scenario.names['peer']}").json()
    response = scenario.send(
        (method, path, body | name | {"password": PASSWORD}), admin.header
    )
    assert response.status_code in (401, 403), response.text
    assert scenario.client.get(f"users/{scenario.names['peer']}").json() == before
    assert scenario.client.get("users?q=p@example.com").json()["total"] == 0


def test_a_user_cannot_change_a_role_assigned_to_them(scenario: Scenario) -> None:
    narrowed: Attack = ("PATCH", "roles/<low>", {"modules": {"users": []}})
    assert scenario.send(narrowed).status_code == 200
    assign_roles(
        scenario.client,
        scenario.mallory,
        "roles/" + scenario.names["clerk"],
        scenario.low,
    )
    for attack in (narrowed, ("DELETE", "roles/<low>", {})):
        assert status_and_code(scenario.send(attack)) == (403, "permission_denied")
