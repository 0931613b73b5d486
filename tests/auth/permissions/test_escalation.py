"""Mallory may do everything to users and to roles: it must not get her any further."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from anyio import to_thread
from fastapi.testclient import TestClient

from app.auth.passwords.hashing import Hasher
from tests.accounts import PASSWORD, ROOT, Account
from tests.auth.permissions.test_permissions import give, permissions
from tests.auth.roles.test_roles import make_role
from tests.auth.signing import NEW_PASSWORD, bearer, sign_in
from tests.conftest import Enter
from tests.contract import Json, verdict

ALL = ["create", "delete", "update"]
ADMIN = [f"{module}:{action}" for module in ("users", "roles") for action in ALL]
PROMOTION = {"is_superuser": True, "current_password": PASSWORD}
DEMOTION = PROMOTION | {"is_superuser": False}

# A method, a path, and a body: names in angle brackets stand for ids.
Attack = tuple[str, str, Json]


class Stage:
    """Mallory, and everybody whom she might use."""

    def __init__(self, client: TestClient, enter: Enter) -> None:
        self.client = client
        self.mallory = enter(*ADMIN, email="mallory@example.com")
        (clerk,) = client.get("roles").json()["items"]
        self.high = make_role(client, "high", products=["update"])
        self.low = make_role(client, "low", users=["update"])
        cast = {
            "mallory": self.mallory,
            "above": enter("products:read"),
            "mixed": enter("users:read", "products:read"),
            "asleep": enter("tasks:read", is_active=False),
            "chief": enter(is_superuser=True),
            "retired": enter(is_superuser=True, is_active=False),
            "peer": enter("roles:update"),
        }
        self.names = {name: str(account.id) for name, account in cast.items()}
        roles = {"high": self.high, "low": self.low, "clerk": f"roles/{clerk['id']}"}
        self.names |= {name: url.split("/")[1] for name, url in roles.items()}
        self.names["shouted"] = self.names["mallory"].upper()

    def fill(self, text: str) -> str:
        for name, id in self.names.items():
            text = text.replace(f"<{name}>", id)
        return text

    def act(self, attack: Attack, header: dict[str, str] | None = None) -> Any:
        method, path, body = attack
        filled = json.loads(self.fill(json.dumps(body)))
        header = header or self.mallory.header
        return self.client.request(method, self.fill(path), json=filled, headers=header)

    def look(self) -> list[Any]:
        """Return all there is: whatever is written raises a version."""
        urls = ("users?limit=200", "roles?limit=200", "auth/sessions")
        mine = permissions(self.client, self.mallory)
        return [*(self.client.get(url).json() for url in urls), mine]


@pytest.fixture
def stage(client: TestClient, enter: Enter) -> Stage:
    return Stage(client, enter)


def on_somebody_above() -> Iterator[Attack]:
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
    for victim in ("above", "mixed", "asleep", "chief", "retired"):
        for change in changes:
            yield "PATCH", f"users/<{victim}>", change
        yield "DELETE", f"users/<{victim}>", {}
        yield "DELETE", f"users/<{victim}>/sessions", {}
        yield "PUT", f"users/<{victim}>/superuser", PROMOTION
        yield "PUT", f"users/<{victim}>/superuser", DEMOTION


def on_herself() -> Iterator[Attack]:
    for me in ("users/<mallory>", "users/<shouted>"):
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


def on_what_she_gives() -> Iterator[Attack]:
    puppet = {"email": "p@example.com", "full_name": "P", "password": NEW_PASSWORD}
    for ids in (["<high>"], ["<low>", "<high>"]):
        yield "POST", "users", puppet | {"role_ids": ids}
        yield "POST", "users", puppet | {"role_ids": ids, "is_active": False}
        yield "PATCH", "users/<peer>", {"role_ids": ids}
        yield "PATCH", "users/<peer>", {"role_ids": ids, "password": NEW_PASSWORD}


@pytest.mark.asvs("8.2.2")
@pytest.mark.parametrize(
    "attacks", [on_somebody_above, on_herself, on_roles, on_what_she_gives]
)
def test_no_attack_succeeds(
    stage: Stage, attacks: Callable[[], Iterator[Attack]]
) -> None:
    before = stage.look()
    for attack in attacks():
        assert verdict(stage.act(attack)) == (403, "permission_denied"), attack
    assert stage.look() == before


def test_what_is_within_her_powers_succeeds(stage: Stage) -> None:
    puppet = {"email": "p@example.com", "full_name": "P", "password": NEW_PASSWORD}
    steps: tuple[tuple[Attack, int], ...] = (
        (("POST", "roles", {"name": "new", "modules": {"users": ALL}}), 201),
        (("PATCH", "roles/<low>", {"modules": {"users": [], "roles": ALL}}), 200),
        (("POST", "users", puppet | {"role_ids": ["<low>", "<clerk>"]}), 201),
        (("PATCH", "users/<peer>", {"role_ids": ["<low>"]}), 200),
        (("PATCH", "users/<peer>", {"password": NEW_PASSWORD}), 200),
        (("PATCH", "users/<mallory>", {"full_name": "Mallory"}), 200),
        (("DELETE", "users/<peer>/sessions", {}), 204),
        (("DELETE", "users/<peer>", {}), 204),
        (("DELETE", "roles/<low>", {}), 204),
    )
    assert [stage.act(step).status_code for step, _ in steps] == [s for _, s in steps]


def test_she_cannot_end_the_session_of_somebody_else(stage: Stage) -> None:
    before = stage.look()
    attack: Attack = ("DELETE", f"auth/sessions/{ROOT.session_id}", {})
    assert verdict(stage.act(attack)) == (404, "not_found")
    assert stage.look() == before


def test_she_cannot_take_the_address_of_somebody_else(stage: Stage) -> None:
    before = stage.look()
    for victim in ("<mallory>", "<peer>"):
        attack = ("PATCH", f"users/{victim}", {"email": "ROOT@example.com"})
        assert verdict(stage.act(attack)) == (409, "conflict")
    assert stage.look() == before


def test_a_puppet_gets_her_no_further(stage: Stage) -> None:
    """She makes herself an account that does not hold her own role."""
    twin = {"name": "twin", "modules": {"users": ALL, "roles": ALL}}
    role = stage.act(("POST", "roles", twin)).json()["id"]
    puppet = {"email": "p@example.com", "full_name": "P", "password": PASSWORD}
    stage.act(("POST", "users", puppet | {"role_ids": [role]}))
    given = bearer(sign_in(stage.client, "p@example.com"))
    passwords = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    header = bearer(stage.act(("POST", "auth/password", passwords), given).json())
    before = stage.look()
    for attack in (
        ("PATCH", "roles/<clerk>", {"modules": {"users": ALL, "products": []}}),
        ("PATCH", "users/<mallory>", {"role_ids": ["<clerk>", "<high>"]}),
        ("PATCH", f"roles/{role}", {"modules": {"users": ALL, "products": []}}),
        ("PUT", "users/<mallory>/superuser", PROMOTION),
    ):
        assert verdict(stage.act(attack, header)) == (403, "permission_denied")
    assert stage.look() == before
    gift = ("PATCH", "users/<mallory>", {"role_ids": ["<clerk>", "<low>", role]})
    assert stage.act(gift, header).status_code == 200
    assert permissions(stage.client, stage.mallory) == before[-1]


@pytest.mark.parametrize("victim", ["above", "chief", "retired"])
def test_she_cannot_disarm_somebody_above_through_a_role(
    stage: Stage, victim: str
) -> None:
    """The role grants less than she may do; its holder may do more."""
    ids = [stage.names["low"]] + [stage.names["high"]] * (victim == "above")
    held = stage.client.patch(f"users/{stage.names[victim]}", json={"role_ids": ids})
    assert held.status_code == 200
    before = stage.look()
    attacks: tuple[Attack, ...] = (
        ("PATCH", "roles/<low>", {"modules": {}}),
        ("PATCH", "roles/<low>", {"name": "of Mallory's"}),
        ("DELETE", "roles/<low>", {}),
    )
    for attack in attacks:
        assert verdict(stage.act(attack)) == (403, "permission_denied")
    assert stage.look() == before


def test_she_cannot_go_back_to_what_she_once_was(stage: Stage) -> None:
    """Somebody has given her more, and taken it away again."""
    root, both = dict(stage.client.headers), ["<clerk>", "<high>"]
    own = {"users": ALL, "roles": ALL}
    gifts: tuple[tuple[str, Json, Json], ...] = (
        ("roles/<clerk>", {"modules": own | {"products": ALL}}, {"modules": own}),
        ("users/<mallory>", {"role_ids": both}, {"role_ids": both[:1]}),
    )
    for path, more, less in gifts:
        wide = stage.act(("PATCH", path, more), root).json()["version"]
        assert stage.act(("PATCH", path, less), root).status_code == 200
        before = stage.look()
        back: Attack = ("POST", f"{path}/revert", {"to_version": wide})
        assert verdict(stage.act(back)) == (403, "permission_denied")
        assert stage.look() == before


Arrange = Callable[[Callable[[], Any]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Let something happen while a password is hashed: that takes a while anyway."""
    hash_password = Hasher.hash

    def arrange(act: Callable[[], Any]) -> None:
        async def hash_and_act(hasher: Hasher, password: str) -> str:
            digest = await hash_password(hasher, password)
            assert (await to_thread.run_sync(act)).status_code == 200
            return digest

        monkeypatch.setattr(Hasher, "hash", hash_and_act)

    return arrange


def downfalls(stage: Stage, account: Account) -> Iterator[Callable[[], Any]]:
    client, url = stage.client, f"users/{account.id}"
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
def test_what_she_might_do_before_does_not_count(
    stage: Stage, enter: Enter, meanwhile: Arrange, attack: Attack, number: int
) -> None:
    """Her request is under way, and its password is being hashed, when she falls."""
    admin = enter(*ADMIN, "products:update")
    method, path, body = attack
    name = {} if method == "PATCH" else {"full_name": "P"}
    meanwhile(list(downfalls(stage, admin))[number])
    before = stage.client.get(f"users/{stage.names['peer']}").json()
    late = stage.act((method, path, body | name | {"password": PASSWORD}), admin.header)
    assert late.status_code in (401, 403), late.text
    assert stage.client.get(f"users/{stage.names['peer']}").json() == before
    assert stage.client.get("users?q=p@example.com").json()["total"] == 0


def test_a_role_that_was_given_to_her_is_hers(stage: Stage) -> None:
    narrowed: Attack = ("PATCH", "roles/<low>", {"modules": {"users": []}})
    assert stage.act(narrowed).status_code == 200
    give(stage.client, stage.mallory, "roles/" + stage.names["clerk"], stage.low)
    for attack in (narrowed, ("DELETE", "roles/<low>", {})):
        assert verdict(stage.act(attack)) == (403, "permission_denied")
