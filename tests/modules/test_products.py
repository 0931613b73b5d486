import pytest
from fastapi.testclient import TestClient

from tests.contract import CrudContract

PEN = {"sku": "PEN-1", "name": "Pen", "price": "1.50"}


class TestCrud(CrudContract):
    resource = "products"
    payload = PEN
    change = {"name": "Pencil", "price": "2.00"}
    unique = frozenset({"sku"})


def make_product(client: TestClient, **values: object) -> str:
    made = client.post("products", json=PEN | values)
    assert made.status_code == 201, made.text
    return f"products/{made.json()['id']}"


def test_omitted_fields_have_defaults(client: TestClient) -> None:
    body = client.get(make_product(client)).json()
    defaults = {"description": "", "stock": 0, "is_active": True}
    assert body.items() >= defaults.items()


def test_a_sku_is_unique(client: TestClient) -> None:
    make_product(client)
    again = client.post("products", json=PEN)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert again.json()["detail"] == "Another Product has the same sku"
    other = make_product(client, sku="PEN-2")
    assert client.patch(other, json={"sku": "PEN-1"}).status_code == 409
    assert client.get(other).json()["sku"] == "PEN-2"


def test_the_price_of_an_inactive_product_is_frozen(client: TestClient) -> None:
    url = make_product(client, is_active=False)
    frozen = client.patch(url, json={"price": "9.00"})
    assert (frozen.status_code, frozen.json()["code"]) == (409, "conflict")
    assert [error["loc"] for error in frozen.json()["errors"]] == [["body", "price"]]
    assert client.patch(url, json={"price": "1.50", "stock": 4}).status_code == 200
    awake = client.patch(url, json={"price": "9.00", "is_active": True})
    assert awake.json()["price"] == "9.00"


def test_money_is_exact(client: TestClient) -> None:
    url = make_product(client, price="9999999999.99")
    assert client.get(url).json()["price"] == "9999999999.99"
    for amount, shown in (("0.1", "0.10"), ("0", "0.00"), ("7.07", "7.07")):
        assert client.patch(url, json={"price": amount}).json()["price"] == shown
        assert client.get(url).json()["price"] == shown


def test_stock_is_adjusted_but_never_below_zero(client: TestClient) -> None:
    url = make_product(client, stock=2)
    assert client.post(f"{url}/stock", json={"delta": 3}).json()["stock"] == 5
    short = client.post(f"{url}/stock", json={"delta": -6})
    assert (short.status_code, short.json()["code"]) == (409, "conflict")
    assert [error["loc"] for error in short.json()["errors"]] == [["body", "delta"]]
    taken = client.post(f"{url}/stock", json={"delta": -5})
    assert (taken.json()["stock"], taken.headers["etag"]) == (0, '"3"')
    full = client.post(f"{url}/stock", json={"delta": 2**31 - 1})
    assert full.status_code == 200
    assert client.post(f"{url}/stock", json={"delta": 1}).status_code == 409


def test_an_adjustment_checks_the_version(client: TestClient) -> None:
    url = make_product(client)
    seen = {"if-match": '"2"'}
    stale = client.post(f"{url}/stock", json={"delta": 1}, headers=seen)
    assert stale.status_code == 412
    assert client.get(url).json()["stock"] == 0


@pytest.fixture
def shelf(client: TestClient) -> TestClient:
    make_product(client, sku="A-1", name="Émile's pen", price="1.00", stock=3)
    make_product(client, sku="B-1", name="100% ink", price="2.50", is_active=False)
    make_product(client, sku="C-1", name="Paper_A4", price="10.00", stock=7)
    make_product(client, sku="D-1", name="back\\slash", price="10.00", stock=1)
    return client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "DCBA"),
        ("sort=created_at", "ABCD"),
        ("sort=-created_at", "DCBA"),
        ("sort=price", "ABDC"),
        ("sort=-price", "DCBA"),
        ("sort=stock", "BDAC"),
        ("is_active=false", "B"),
        ("is_active=true", "DCA"),
        ("in_stock=false", "B"),
        ("in_stock=true", "DCA"),
        ("min_price=2.50", "DCB"),
        ("max_price=2.5", "BA"),
        ("min_price=2.50&max_price=9.99", "B"),
        ("q=émile", "A"),
        ("q=ÉMILE", "A"),
        ("q=e%CC%81mile", "A"),
        ("q=%25", "B"),
        ("q=_", "C"),
        ("q=k%5Cs", "D"),
        ("q=slash%5C", ""),
        ("q=c-1", "C"),
        ("q=nothing", ""),
        ("limit=2", "DC"),
        ("limit=2&offset=1", "CB"),
        ("offset=10000", ""),
    ],
)
def test_a_list_is_filtered_and_sorted(
    shelf: TestClient, query: str, found: str
) -> None:
    page = shelf.get(f"products?{query}")
    assert page.status_code == 200, page.text
    assert "".join(item["sku"][0] for item in page.json()["items"]) == found


def test_a_page_has_the_total(shelf: TestClient) -> None:
    page = shelf.get("products?limit=1&offset=1&is_active=true").json()
    assert (page["total"], page["limit"], page["offset"]) == (3, 1, 1)
    assert shelf.get("products?count=false").json()["total"] is None


def test_a_whole_collection_is_read_page_by_page(shelf: TestClient) -> None:
    seen, after = "", ""
    while items := shelf.get(f"products?limit=3&count=false{after}").json()["items"]:
        seen += "".join(item["sku"][0] for item in items)
        after = f"&after={items[-1]['id']}"
    assert seen == "DCBA"
    assert shelf.get(f"products?sort=price{after}").status_code == 422
    assert shelf.get(f"products?offset=1{after}").status_code == 422
