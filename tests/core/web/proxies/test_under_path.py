"""The application under a path of nginx, which strips the path or passes it on."""

import re
from pathlib import Path

import pytest

from tests.core.web.proxies.proxy import proxying
from tests.databases import Engine, template_on
from tests.modules.test_products import PEN
from tests.processes.servers import serving
from tests.programs import needs

pytestmark = pytest.mark.slow

ROOT = "/shop"
# What docs/DEPLOYMENT.md says to write in scripts/deploy/nginx.conf.
TARGETS = {"whole": "http://backoffice;", "stripped": "http://backoffice/;"}
REFERENCE = re.compile(r'(?:href|src|data-document|data-probe)="([^"#]+)')


@pytest.mark.sampled
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@needs("nginx", "openssl")
def test_each_address_leads_back_through_the_proxy(target: str, tmp_path: Path) -> None:
    def edit(site: str) -> str:
        site = site.replace("location / {", f"location {ROOT}/ {{")
        return site.replace("http://backoffice;", target, 1)

    with (
        template_on(Engine.SQLITE) as template,
        template.copy() as url,
        serving(url, tmp_path, ROOT_PATH=ROOT) as server,
        proxying("nginx", tmp_path, server, edit=edit, ready=f"{ROOT}/") as proxy,
        proxy.client("") as client,
    ):
        made = client.post(f"{ROOT}/api/v1/products", json=PEN)
        assert client.get(made.headers["location"]).json() == made.json()
        items = [{"op": "delete", "id": made.json()["id"]}]
        bulk = client.post(f"{ROOT}/api/v1/products/bulk", json={"items": items})
        assert bulk.status_code == 200
        refused = client.put(f"{ROOT}/api/v1/products")
        assert refused.headers["allow"] == "GET, HEAD, POST"
        assert refused.json()["instance"] == f"{ROOT}/api/v1/products"
        for page in ("/", "/docs", "/redoc", "/audit"):
            for address in REFERENCE.findall(client.get(ROOT + page).text):
                assert client.get(address).status_code == 200, address
