import pytest
from fastapi.testclient import TestClient

from tests.contract import CrudContract

ADA = {"name": "Ada", "email": "ada@example.com"}


class TestCrud(CrudContract):
    resource = "customers"
    payload = ADA
    change = {"name": "Ada Lovelace", "notes": "Met\nin person"}
    unique = frozenset({"email"})


def make_customer(client: TestClient, **values: object) -> str:
    made = client.post("customers", json=ADA | values)
    assert made.status_code == 201, made.text
    return f"customers/{made.json()['id']}"


def test_a_nullable_field_can_be_cleared(client: TestClient) -> None:
    filled = {"phone": "+442071838750", "company": "Engines"}
    url = make_customer(client, **filled)
    assert client.get(url).json().items() >= filled.items()
    cleared = client.patch(url, json=dict.fromkeys(filled)).json()
    assert cleared.items() >= dict.fromkeys(filled).items()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@EXAMPLE.com", "ada@example.com"),
        ("rené@example.com", "rene\u0301@example.com"),
        ("\uff41\uff44\uff41@example.com", "ada@example.com"),
        ("ada@b\u00fccher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_spellings_of_one_email_are_one_customer(
    client: TestClient, one: str, other: str
) -> None:
    make_customer(client, email=one)
    again = client.post("customers", json=ADA | {"email": other})
    assert again.status_code == 409
    assert again.json()["detail"] == "Another Customer has the same email"


def test_a_replaced_email_can_be_used_again(client: TestClient) -> None:
    url = make_customer(client)
    changed = client.patch(url, json={"email": "countess@example.com"})
    assert changed.json()["email"] == "countess@example.com"
    make_customer(client)
    assert client.patch(url, json={"email": "ADA@example.com"}).status_code == 409


@pytest.mark.parametrize("phone", ["2071838750", "+0123456", "+1", "+1 234", "+٣٤٥٦"])
def test_a_phone_number_is_e164(client: TestClient, phone: str) -> None:
    assert client.post("customers", json=ADA | {"phone": phone}).status_code == 422


@pytest.mark.parametrize("email", ["ada", "ada@", "@example.com", "a@b@c.com", ""])
def test_an_invalid_email_is_rejected(client: TestClient, email: str) -> None:
    assert client.post("customers", json=ADA | {"email": email}).status_code == 422


def test_a_list_is_filtered(client: TestClient) -> None:
    make_customer(client, company="Engines")
    make_customer(client, name="Bob", email="bob@example.com", is_active=False)
    for query, found in (
        ("company=Engines", ["Ada"]),
        ("company=engines", []),
        ("is_active=false", ["Bob"]),
        ("q=ENGINE", ["Ada"]),
        ("q=bob@", ["Bob"]),
        ("sort=email", ["Ada", "Bob"]),
        ("sort=-name", ["Bob", "Ada"]),
    ):
        items = client.get(f"customers?{query}").json()["items"]
        assert [item["name"] for item in items] == found, query
