"""Take the picture of the audit page that README.md shows.

python scripts/export_screenshot.py    writes docs/images/audit.png; needs Chromium
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from playwright.sync_api import ViewportSize, sync_playwright

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/images/audit.png"
SIZE = ViewportSize(width=1120, height=578)
PORT = "8399"
ORIGIN = f"http://127.0.0.1:{PORT}"
ADMIN = "admin@example.com"


@contextmanager
def seeded_server(folder: str) -> Iterator[dict[str, str]]:
    """Serve a new database with example data; yield the passwords by e-mail address."""
    env = os.environ | {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": f"sqlite:///{folder}/app.db",
        "AUDIT_SPOOL_DIR": f"{folder}/spool",
        "FIRST_SUPERUSER_EMAIL": ADMIN,
        "FIRST_SUPERUSER_PASSWORD": secrets.token_urlsafe(12),
        "PORT": PORT,
    }
    process = subprocess.Popen(
        [sys.executable, "-u", "scripts/start.py"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    passwords = {ADMIN: env["FIRST_SUPERUSER_PASSWORD"]}
    try:
        for line in process.stdout or ():
            passwords.update(re.findall(r"Sign in as (\S+) with password (\S+)", line))
            if "Uvicorn running" in line:
                break
        yield passwords
    finally:
        process.terminate()
        process.communicate()


def signed_in(email: str, password: str) -> httpx2.Client:
    client = httpx2.Client(base_url=f"{ORIGIN}/api/v1")
    form = {"username": email, "password": password}
    token = client.post("/auth/login", data=form).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    return client


def change_records(passwords: dict[str, str]) -> None:
    """Change products and tasks as three users do on a working day."""
    admin, sales, manager = (
        signed_in(f"{name}@example.com", passwords[f"{name}@example.com"])
        for name in ("admin", "sales", "manager")
    )
    lamp, pen = (
        manager.get("/products", params={"q": sku}).json()["items"][0]["id"]
        for sku in ("SLATE-DESK-LAMP", "OAK-FOUNTAIN-PEN")
    )
    task = sales.get("/tasks?status=todo&limit=1").json()["items"][0]["id"]
    for client, path, body in (
        (admin, "/auth/me", {"full_name": "Ada Lovelace"}),
        (sales, f"/tasks/{task}", {"status": "in_progress"}),
        (manager, f"/products/{lamp}", {"is_active": False}),
        (sales, f"/tasks/{task}", {"priority": "urgent"}),
        (manager, f"/products/{pen}", {"price": "36.00", "stock": 20}),
    ):
        client.patch(path, json=body).raise_for_status()


def photograph(password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{ORIGIN}/audit")
        page.get_by_label("E-mail address").fill(ADMIN)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.locator("summary").filter(has_text="price").first.wait_for()
        page.screenshot(path=PICTURE)


if __name__ == "__main__":
    with TemporaryDirectory() as folder, seeded_server(folder) as passwords:
        change_records(passwords)
        photograph(passwords[ADMIN])
    print(f"Wrote {PICTURE.relative_to(ROOT)}")
