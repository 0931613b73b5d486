"""What `q` finds: the same on both databases."""

import pytest
from fastapi.testclient import TestClient

from tests.modules.test_products import make_product

STRANGE = ("100%", "a_b", "a\\b", "a/b", "Émile", "ΟΔΟΣ", "ὀδός", "Straße", "ﬁne")


def found(client: TestClient, q: str) -> list[str]:
    items = client.get("products", params={"q": q}).json()["items"]
    return sorted(item["name"] for item in items)


@pytest.mark.parametrize(
    ("stored", "q"),
    [
        ("Émile", "émile"),
        ("émile", "ÉMILE"),
        ("ΟΔΟΣ", "οδος"),
        ("οδος", "ΟΔΟΣ"),
        ("ΟΔΟΣ", "οδοσ"),
        ("ὀδός", "ὈΔΌΣ"),
        ("ὈΔΌΣ", "ὀδός"),
        ("ΣΑΣ pen", "σας"),
        ("Straße", "STRAßE"),
        ("İstanbul", "istanbul"),
        ("İstanbul", "İSTANBUL"),
        *((name, name) for name in STRANGE),
    ],
)
def test_case_does_not_count(client: TestClient, stored: str, q: str) -> None:
    make_product(client, name=f"The {stored} pen")
    assert found(client, q) == [f"The {stored} pen"]


@pytest.mark.parametrize(
    ("stored", "q"),
    [
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("ﬁne", "fine"),
        ("fine", "ﬁne"),
        ("Émile", "emile"),
        ("ὀδός", "οδος"),
    ],
)
def test_all_else_counts(client: TestClient, stored: str, q: str) -> None:
    make_product(client, name=stored)
    assert found(client, q) == []


def test_every_sign_stands_for_itself(client: TestClient) -> None:
    for number, name in enumerate((*STRANGE, "100", "axb", "ab")):
        make_product(client, sku=f"PEN-{number}", name=name)
    for sign, name in zip("%_\\/", STRANGE, strict=False):
        assert found(client, sign) == [name]
        assert found(client, name) == [name]
    assert found(client, "a%b") == found(client, "\\\\") == []
