"""HTML pages: landing page, Swagger UI and ReDoc."""

from collections import Counter
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.core.config import Settings
from app.core.pages.assets import STATIC, asset_url, find_library, root_path, send_asset

router = APIRouter(include_in_schema=False)
router.get("/static/{name}")(send_asset)
# Only where the document is exposed.
docs_router = APIRouter(include_in_schema=False)

SWAGGER_UI = (
    "swagger-ui-dist@5.32.6/swagger-ui.css",
    "swagger-ui-dist@5.32.6/swagger-ui-bundle.js",
)
REDOC = ("redoc@2.5.3/bundles/redoc.standalone.js",)

BASE_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "connect-src 'self'"
)
PAGE_POLICY = f"{BASE_POLICY}; script-src 'self'; style-src 'self'; img-src 'self'"
DOCS_POLICY = f"{BASE_POLICY}; img-src 'self' data:"
# ReDoc inserts two style elements, an empty one that it fills by script and that of its
# scroll bar; these are their hashes. Its search runs in a worker made from a blob.
REDOC_SOURCES = (
    " 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    " 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='; worker-src blob:"
)

templates = Environment(
    loader=FileSystemLoader(STATIC),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    request: Request, template: str, policy: str, values: dict[str, Any]
) -> Response:
    root = root_path(request)
    common = {
        "title": request.app.title,
        "version": request.app.version,
        "root": root,
        "here": request.url.path.removeprefix(root),
        "exposed": request.app.state.settings.docs_exposed,
        "asset": partial(asset_url, request),
        "libraries": (),
    }
    page = templates.get_template(template).render(common | values)
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


def render_docs(
    request: Request, template: str, paths: tuple[str, ...], sources: str
) -> Response:
    """Render a page that loads these libraries; `sources` extends style-src."""
    libraries = [find_library(request, path) for path in paths]
    pinned = "".join(f" {file.url}" for file in libraries if file.integrity)
    policy = (
        f"{DOCS_POLICY}; script-src 'self'{pinned}; style-src 'self'{pinned}{sources}"
    )
    return render(request, template, policy, {"libraries": libraries})


@docs_router.get("/docs")
async def show_swagger(request: Request) -> Response:
    return render_docs(request, "swagger.html", SWAGGER_UI, "")


@docs_router.get("/redoc")
async def show_redoc(request: Request) -> Response:
    return render_docs(request, "redoc.html", REDOC, REDOC_SOURCES)


@router.get("/")
async def show_landing(request: Request) -> Response:
    app = request.app
    document = app.openapi()
    values = {
        "headline": app.description.strip().partition("\n\n")[0],
        "base": str(request.base_url).rstrip("/"),
        "fault": await app.state.health.check(),
        "sign_in": token_path(document, root_path(request)),
        **first_user(app.state.settings),
        "operations": count_operations(document),
    }
    return render(request, "landing.html", PAGE_POLICY, values)


def first_user(settings: Settings) -> dict[str, Any]:
    """Return the user of the examples: in development, the one that exists."""
    is_example = not settings.is_production
    user = settings.FIRST_SUPERUSER_EMAIL if is_example else "you@example.com"
    return {"is_example": is_example, "user": user}


def token_path(document: dict[str, Any], root: str) -> str | None:
    """Return the path of the OAuth2 password flow's token URL, if there is one.

    It is relative to `root`, the path at the proxy.
    """
    for scheme in document["components"].get("securitySchemes", {}).values():
        if password := scheme.get("flows", {}).get("password"):
            return str(password["tokenUrl"]).removeprefix(root)
    return None


def count_operations(document: dict[str, Any]) -> Counter[str]:
    """Count the operations of each tag, in the document's order."""
    return Counter(
        tag
        for path in document["paths"].values()
        for operation in path.values()
        for tag in operation.get("tags", ())
    )
