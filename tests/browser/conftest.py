"""Fixtures: a server process, and a Chromium that can reach only this server."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Route,
    expect,
    sync_playwright,
)

from tests.databases import SqliteTemplate
from tests.processes.servers import Server, serving

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
OFFLINE = [
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

expect.set_options(timeout=60_000)  # milliseconds, enough for a busy machine


@dataclass
class Visit:
    """One tab, and the faults of its pages: errors and requests to other origins."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.route("**/*", self.block_other_origins)
        self.page.on("console", self.record_error)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def block_other_origins(self, route: Route) -> None:
        if route.request.url.startswith(f"{self.origin}/"):
            route.continue_()
        else:
            self.faults.append(f"asked for {route.request.url}")
            route.abort()

    def record_error(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def open(self, path: str) -> Page:
        self.page.goto(self.origin + path)
        return self.page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Yield the URL of the server's database."""
    with SqliteTemplate(folder / "sqlite").copy() as url:
        yield url


@pytest.fixture(scope="module")
def server(address: str, folder: Path) -> Iterator[Server]:
    with serving(address, folder, ALLOWED_HOSTS="127.0.0.1") as server:
        server.wait_for("/readyz")
        yield server
        assert server.stop() == 0


# Playwright's event loop prevents any other one: start it after the server's
# migrations, and stop it with the module.
@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    flags = [*OFFLINE, "--no-sandbox"] if os.geteuid() == 0 else OFFLINE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(params=[{}])
def visit(
    request: pytest.FixtureRequest, browser: Browser, server: Server
) -> Iterator[Visit]:
    """Open a tab; a parameter sets its size and colour scheme."""
    context = browser.new_context(**request.param)
    visit = Visit(context.new_page(), server.base_url)
    visit.watch()
    yield visit
    context.close()
    assert visit.faults == []
