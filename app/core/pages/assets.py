"""The files that our pages refer to: our own, and those of Swagger UI and ReDoc."""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256, sha384
from importlib.resources import files
from pathlib import Path

from fastapi import Request, Response

from app.core.exceptions import NotFoundException

# Each package of the application may have files of its own; their names differ.
STATIC = sorted(Path(__file__).parents[2].rglob("static"))
LIBRARIES = Path(str(files("fastapi_offline"))) / "static"
# What is served. The templates, which lie in STATIC as well, are not.
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_A_YEAR = "public, max-age=31536000, immutable"
# ReDoc fetches its maker's logo from its maker's server, and shows none if it cannot.
LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


@dataclass(frozen=True)
class Asset:
    content: bytes
    media_type: str
    version: str


@dataclass(frozen=True)
class Library:
    """A file that others made: served by us or, at one version, by a CDN."""

    url: str
    integrity: str = ""


@cache
def read_assets() -> dict[str, Asset]:
    paths = (path for folder in (*STATIC, LIBRARIES) for path in folder.iterdir())
    return {path.name: read_asset(path) for path in paths if path.suffix in TYPES}


def read_asset(path: Path) -> Asset:
    content = path.read_bytes().replace(LOGO, b"data:,")
    return Asset(content, TYPES[path.suffix], sha256(content).hexdigest()[:12])


async def send_asset(request: Request, name: str) -> Response:
    asset = read_assets().get(name)
    if asset is None:
        raise NotFoundException("There is no such file")
    # While a new release is rolled out, a new page may still ask the old server.
    current = request.query_params.get("v") == asset.version
    headers = {"Cache-Control": FOR_A_YEAR if current else "no-cache"}
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def root_of(request: Request) -> str:
    """Return the path under which a reverse proxy shows us: "" if that is its root."""
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


def asset_url(request: Request, name: str) -> str:
    """Return an address that changes with the content, so that it may be kept."""
    return f"{root_of(request)}/static/{name}?v={read_assets()[name].version}"


def find_library(request: Request, path: str) -> Library:
    """Return the library that a CDN of npm packages has at `path`."""
    name = path.rpartition("/")[2]
    cdn = request.app.state.settings.DOCS_CDN
    if not cdn:
        return Library(asset_url(request, name))
    return Library(f"{cdn}/{path}", integrity_of(name))


@cache
def integrity_of(name: str) -> str:
    """Return what the installed file promises of the CDN's: they are the same bytes."""
    digest = sha384((LIBRARIES / name).read_bytes()).digest()
    return f"sha384-{b64encode(digest).decode()}"
