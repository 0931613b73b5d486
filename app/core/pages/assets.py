"""Static files of the pages, including Swagger UI and ReDoc."""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256, sha384
from importlib.resources import files
from pathlib import Path

from fastapi import Request, Response

from app.core.exceptions import NotFoundException

# Static folders of all packages. File names must be unique across them.
STATIC = sorted(Path(__file__).parents[2].rglob("static"))
LIBRARIES = Path(str(files("fastapi_offline"))) / "static"
# Only these types are served; STATIC contains the templates as well.
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
IMMUTABLE = "public, max-age=31536000, immutable"
# ReDoc loads its vendor's logo from the vendor's server. It works without.
LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


@dataclass(frozen=True)
class Asset:
    content: bytes
    media_type: str
    version: str


@dataclass(frozen=True)
class Library:
    """Third-party file, served by this application or pinned on a CDN."""

    url: str
    integrity: str = ""


@cache
def load_assets() -> dict[str, Asset]:
    paths = (path for folder in (*STATIC, LIBRARIES) for path in folder.iterdir())
    return {path.name: load_asset(path) for path in paths if path.suffix in MEDIA_TYPES}


def load_asset(path: Path) -> Asset:
    content = path.read_bytes().replace(LOGO, b"data:,")
    return Asset(content, MEDIA_TYPES[path.suffix], sha256(content).hexdigest()[:12])


async def send_asset(request: Request, name: str) -> Response:
    asset = load_assets().get(name)
    if asset is None:
        raise NotFoundException("There is no such file")
    # During a rolling update a new page may request the file from an old server.
    current = request.query_params.get("v") == asset.version
    headers = {"Cache-Control": IMMUTABLE if current else "no-cache"}
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def root_path(request: Request) -> str:
    """Return the path prefix at the reverse proxy, without trailing slash."""
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


def asset_url(request: Request, name: str) -> str:
    """Return the file's URL with a content hash, so that it can be cached forever."""
    return f"{root_path(request)}/static/{name}?v={load_assets()[name].version}"


def find_library(request: Request, path: str) -> Library:
    """Return the library with this path in an npm CDN, such as redoc@2.5.3/x.js."""
    name = path.rpartition("/")[2]
    cdn = request.app.state.settings.DOCS_CDN
    if not cdn:
        return Library(asset_url(request, name))
    return Library(f"{cdn}/{path}", integrity_hash(name))


@cache
def integrity_hash(name: str) -> str:
    """Return the Subresource Integrity hash of the installed file."""
    digest = sha384((LIBRARIES / name).read_bytes()).digest()
    return f"sha384-{b64encode(digest).decode()}"
