"""Each configuration of scripts/deploy with its program, in front of one instance."""

from collections.abc import Iterator

import httpx2
import pytest

from app.core.db.ids import uuid7
from tests.collections.files.files import CSV, as_csv
from tests.core.web.proxies.proxy import CLIENT, Proxy, each_recipe, proxying
from tests.databases import Engine, template_on
from tests.modules.test_products import PEN
from tests.processes.servers import Server, serving

# Short responses are not compressed.
LONG = PEN | {"description": "ink " * 300}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("instance")
    proxies, mode = "127.0.0.1", "blocking"
    with (
        template_on(Engine.SQLITE) as template,
        template.copy() as url,
        serving(url, folder, TRUSTED_PROXIES=proxies, AUDIT_ACCESS_MODE=mode) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def proxy(
    program: str, instance: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    with proxying(program, tmp_path_factory.mktemp("proxy"), instance) as proxy:
        yield proxy


@pytest.mark.slow
@pytest.mark.sampled
@each_recipe
def test_a_tag_that_it_has_rewritten_is_accepted(program: str, proxy: Proxy) -> None:
    with proxy.client() as client:
        sku = f"PEN-{proxy.url[-5:]}"
        made = client.post("/products", json=LONG | {"sku": sku}).json()
        path = f"/products/{made['id']}"
        read = client.get(path)
        assert read.headers["content-encoding"] == "gzip"
        tag = read.headers["etag"]
        assert client.get(path, headers={"if-none-match": tag}).status_code == 304
        condition = {"if-match": tag}
        for status in (200, 412):
            done = client.patch(path, json={"name": "New"}, headers=condition)
            assert done.status_code == status


@pytest.mark.slow
@pytest.mark.sampled
@each_recipe
def test_the_longest_batch_passes(program: str, proxy: Proxy) -> None:
    ids = [str(uuid7()) for _ in range(200)]
    with proxy.client() as client:
        batch = client.get("/customers/batch", params={"id": ids})
        assert batch.json() == {"items": [], "missing": ids}
        held = {"if-none-match": batch.headers["etag"]}
        again = client.get("/customers/batch", params={"id": ids}, headers=held)
        assert again.status_code == 304


@pytest.mark.slow
@pytest.mark.sampled
@each_recipe
def test_the_client_s_address_is_recorded(program: str, proxy: Proxy) -> None:
    id = f"ip-{proxy.url[-5:]}"
    with proxy.client() as client:
        forged = {"x-forwarded-for": "203.0.113.7", "x-request-id": id}
        assert client.get("/products", headers=forged).status_code == 200
        log = client.get("/audit/accesses", params={"request_id": id})
    (entry,) = log.json()["items"]
    assert entry["ip"] == CLIENT


def is_refused(client: httpx2.Client, file: bytes) -> bool:
    """Return whether it is an error, or a proxy closed before it had read the file."""
    try:
        return bool(client.post("/products", content=file).is_error)
    except (httpx2.NetworkError, httpx2.RemoteProtocolError):
        return True


@pytest.mark.slow
@pytest.mark.sampled
@each_recipe
def test_a_large_file_passes(program: str, proxy: Proxy) -> None:
    row = {"sku": "PEN-1", "name": "Pen", "price": "1.50", "description": "ink " * 500}
    file = as_csv([row | {"sku": f"PEN-{number}"} for number in range(2_000)])
    assert len(file) > 3 * 2**20
    with proxy.client() as client:
        done = client.post(
            "/products/import?dry_run=true",
            content=file,
            headers={"content-type": CSV},
        )
        assert done.status_code == 200, done.text
        assert done.json()["created"] == 2_000
        # Elsewhere, the proxy refuses it; HAProxy leaves that to the application.
        assert is_refused(client, file)
