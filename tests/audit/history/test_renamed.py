"""The past survives migrations: renamed, added and dropped columns, renamed classes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from app.audit.changes import change_row, recorder, snapshots
from app.audit.changes.mapping_checks import UnauditableError, check_mapping
from app.auth.models import RoleModule, UserRole
from app.core.models import Entity, present_name
from app.modules.products.models import Product
from tests.audit.history.test_history import LATE, PEN, at, body, history, make, user_of
from tests.audit.history.test_history import now as instant

Json = dict[str, Any]
Edit = Callable[[Json], Json]
Earlier = Callable[[type[Entity], Edit], AbstractContextManager[None]]
PENCIL = {**PEN, "sku": "PEN-2"}


@pytest.fixture
def earlier(monkeypatch: pytest.MonkeyPatch) -> Earlier:
    """Record the values of a model as the release before a migration did."""
    present = snapshots.snapshot

    @contextmanager
    def earlier(model: type[Entity], edit: Edit) -> Iterator[None]:
        def snapshot(of: type[Entity], values: Any, salt: bytes) -> Json | None:
            image = present(of, values, salt)
            return edit(image) if image and of is model else image

        with monkeypatch.context() as patch:
            patch.setattr(change_row, "snapshot", snapshot)
            yield

    return earlier


def renamed(old: str, new: str) -> Edit:
    return lambda image: {old if it == new else it: image[it] for it in image}


def without(name: str) -> Edit:
    return lambda image: {it: image[it] for it in image if it != name}


def times(client: TestClient, url: str) -> list[str]:
    """Return the times of the versions, oldest first."""
    return [change["at"] for change in reversed(history(client, url))]


def preview(client: TestClient, url: str, version: int) -> Any:
    return client.post(f"{url}/revert?dry_run=true", json={"to_version": version})


def assert_unknown(response: Any, column: str) -> None:
    problem = body(response, 409)
    assert problem["code"] == "state_unknown"
    assert problem["detail"].endswith(f": {column}")


def test_a_renamed_column_keeps_its_past(
    client: TestClient, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with earlier(Product, renamed("label", "name")):
        url = make(client, "products", PEN)
        client.patch(url, json={"name": "Pencil"})
    monkeypatch.setattr(Product, "former_names", {"label": "name"})
    client.patch(url, json={"name": "Crayon"})
    names = [body(at(client, url, each))["name"] for each in times(client, url)]
    assert names == ["Pen", "Pencil", "Crayon"]
    assert [
        {*each["old"]} & {"name", "label"} for each in history(client, url)[:2]
    ] == [
        {"name"},
        {"label"},
    ]
    plan = body(preview(client, url, 1))
    assert plan["changes"] == {"name": ["Crayon", "Pen"]}
    reverted = body(client.post(f"{url}/revert", json={"to_version": 1}))
    assert reverted["name"] == "Pen"


def test_a_record_deleted_before_a_rename_comes_back_whole(
    client: TestClient, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with earlier(Product, renamed("text", "description")):
        url = make(client, "products", {**PEN, "description": "Black"})
        before = instant()
        client.delete(url)
    # Without its former name, the text would be lost: the field has a default.
    assert_unknown(client.post(f"{url}/restore"), "description")
    assert_unknown(at(client, url, before), "description")
    monkeypatch.setattr(Product, "former_names", {"text": "description"})
    assert body(at(client, url, before))["description"] == "Black"
    assert body(client.post(f"{url}/restore"))["description"] == "Black"


def test_an_unstated_rename_never_shows_the_present_value(
    client: TestClient, earlier: Earlier
) -> None:
    with earlier(Product, renamed("text", "description")):
        url = make(client, "products", {**PEN, "description": "Black"})
        client.patch(url, json={"description": "Blue"})
    client.patch(url, json={"description": "Red"})
    first, second, third = times(client, url)
    for time in (first, second):
        assert_unknown(at(client, url, time), "description")
    assert_unknown(preview(client, url, 1), "description")
    # The next change has recorded what version 2 was at its end.
    assert body(preview(client, url, 2))["changes"] == {"description": ["Red", "Blue"]}
    assert_unknown(client.post(f"{url}/revert", json={"to_version": 1}), "description")
    assert body(at(client, url, third))["description"] == "Red"
    assert body(client.get(url))["description"] == "Red"


@pytest.mark.slow
def test_two_renames_are_followed(
    client: TestClient, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with earlier(Product, renamed("title", "name")):
        url = make(client, "products", PEN)
    with earlier(Product, renamed("label", "name")):
        client.patch(url, json={"name": "Pencil"})
    former = {"title": "label", "label": "name"}
    monkeypatch.setattr(Product, "former_names", former)
    names = [body(at(client, url, each))["name"] for each in times(client, url)]
    assert names == ["Pen", "Pencil"]
    assert present_name(Product, "title") == present_name(Product, "name") == "name"


def test_an_added_column_has_its_default_before_it_was_added(
    client: TestClient, earlier: Earlier
) -> None:
    with earlier(Product, without("stock")):
        url = make(client, "products", PEN)  # the migration sets its stock to 3
        gone = make(client, "products", PENCIL)
        client.delete(gone)
    make(client, "products", {**PEN, "sku": "PEN-3"})
    migrated = instant()
    (first,) = times(client, url)
    assert body(at(client, url, first))["stock"] == 0
    assert body(at(client, url, migrated))["stock"] == 3
    client.patch(url, json={"stock": 4})
    assert body(at(client, url, first))["stock"] == 0
    assert body(at(client, url, migrated))["stock"] == 3
    assert body(at(client, url, instant()))["stock"] == 4
    assert body(client.post(f"{gone}/restore"))["stock"] == 0


def test_an_added_column_without_default_is_unknown_before(
    client: TestClient, earlier: Earlier
) -> None:
    with earlier(Product, without("price")):
        url = make(client, "products", PEN)
        client.patch(url, json={"stock": 4})
        gone = make(client, "products", PENCIL)
        client.delete(gone)
    for time in times(client, url):
        assert_unknown(at(client, url, time), "price")
    assert_unknown(preview(client, url, 1), "price")
    assert body(preview(client, url, 2))["changes"] == {}  # the present version
    assert_unknown(client.post(f"{gone}/restore"), "price")
    client.patch(url, json={"price": "2.00"})
    assert body(at(client, url, times(client, url)[-1]))["price"] == "2.00"


def test_an_added_column_is_uncertain_until_it_is_recorded(
    client: TestClient, earlier: Earlier
) -> None:
    with earlier(Product, without("stock")):
        url = make(client, "products", PEN)  # the migration sets its stock to 3
        empty = make(client, "products", {**PENCIL, "stock": 0})
    later = instant()
    assert_unknown(at(client, url, later), "stock")
    assert body(at(client, empty, later))["stock"] == 0  # its default, before or after
    assert body(at(client, url, LATE))["stock"] == 3
    assert body(preview(client, url, 1))["changes"] == {}
    client.patch(url, json={"stock": 4})
    assert body(preview(client, url, 1))["changes"] == {"stock": [4, 3]}
    assert body(client.post(f"{url}/revert", json={"to_version": 1}))["stock"] == 3


@pytest.mark.parametrize("former", [{}, {"colour": None}])
def test_a_dropped_column_is_left_out(
    client: TestClient,
    earlier: Earlier,
    monkeypatch: pytest.MonkeyPatch,
    former: dict[str, None],
) -> None:
    with earlier(Product, lambda image: image | {"colour": "black"}):
        url = make(client, "products", PEN)
        client.patch(url, json={"stock": 4})
    monkeypatch.setattr(Product, "former_names", former)
    first, _ = times(client, url)
    assert body(at(client, url, first)).items() >= PEN.items()
    assert body(preview(client, url, 1))["changes"] == {"stock": [4, 3]}
    client.delete(url)
    assert body(client.post(f"{url}/restore"))["stock"] == 4


def test_a_dropped_column_is_not_mistaken_for_a_renamed_one(
    client: TestClient, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with earlier(Product, renamed("colour", "description")):
        url = make(client, "products", PEN)
        client.delete(url)
    monkeypatch.setattr(Product, "former_names", {"colour": None})
    assert body(client.post(f"{url}/restore"))["description"] == ""


def test_a_value_that_is_not_valid_now_is_not_shown(
    client: TestClient, earlier: Earlier
) -> None:
    with earlier(Product, lambda image: image | {"stock": "a dozen"}):
        url = make(client, "products", PEN)
        client.patch(url, json={"stock": 4})
    assert_unknown(at(client, url, times(client, url)[0]), "stock")
    client.delete(url)
    body(client.post(f"{url}/restore"))


@pytest.mark.parametrize("column", ["module", "role_id"])
def test_grants_survive_a_renamed_column(
    client: TestClient, earlier: Earlier, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    modules = {"products": ["create"], "tasks": []}
    with earlier(RoleModule, renamed("former", column)):
        role = make(client, "roles", {"name": "clerk", "modules": modules})
        client.patch(role, json={"modules": {}})
    monkeypatch.setattr(RoleModule, "former_names", {"former": column})
    assert body(at(client, role, times(client, role)[0]))["modules"] == modules
    reverted = body(client.post(f"{role}/revert", json={"to_version": 1}))
    assert reverted["modules"] == modules
    with earlier(RoleModule, renamed("former", column)):
        client.delete(role)
    assert body(client.post(f"{role}/restore"))["modules"] == modules


def test_grants_of_an_unstated_rename_are_unknown(
    client: TestClient, earlier: Earlier
) -> None:
    with earlier(RoleModule, renamed("area", "module")):
        role = make(client, "roles", {"name": "clerk", "modules": {"tasks": []}})
        client.delete(role)
    assert_unknown(client.post(f"{role}/restore"), "module")


def test_roles_of_a_user_survive_a_renamed_column(
    client: TestClient, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = make(client, "roles", {"name": "clerk", "modules": {"tasks": []}})
    with earlier(UserRole, renamed("granted_id", "role_id")):
        user = user_of(client, role)
        client.patch(user, json={"role_ids": []})
    monkeypatch.setattr(UserRole, "former_names", {"granted_id": "role_id"})
    first = body(at(client, user, times(client, user)[0]))
    assert [each["name"] for each in first["roles"]] == ["clerk"]
    plan = body(preview(client, user, 1))["changes"]
    assert plan == {"role_ids": [[], [role.removeprefix("roles/")]]}


def test_a_renamed_class_keeps_its_past(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = change_row.change_row

    def earlier(change: Any, key: bytes) -> Json:
        row = present(change, key)
        return row | {"entity": "Item"} if change.model is Product else row

    with monkeypatch.context() as patch:
        patch.setattr(recorder, "change_row", earlier)
        url = make(client, "products", PEN)
        gone = make(client, "products", PENCIL)
        client.delete(gone)
    monkeypatch.setattr(Product, "former_entities", frozenset({"Item"}))
    with time_machine.travel(times(client, url)[0], tick=False):
        client.patch(url, json={"name": "Pencil"})
    assert [each["entity"] for each in history(client, url)] == ["Product", "Item"]
    first, second = times(client, url)
    assert first < second
    assert body(at(client, url, first))["name"] == "Pen"
    assert body(preview(client, url, 1))["changes"] == {"name": ["Pencil", "Pen"]}
    assert body(client.post(f"{gone}/restore"))["version"] == 3


@pytest.mark.parametrize("former", [{"name": "sku"}, {"label": "nmae"}])
def test_former_names_that_are_wrong_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, former: dict[str, str]
) -> None:
    monkeypatch.setattr(Product, "former_names", former)
    with pytest.raises(UnauditableError, match=r"Product\."):
        check_mapping(Product)
