"""The routers of the application. Independent of the settings."""

from app.audit.endpoints import ROUTERS as LOGS
from app.audit.page.routes import audit_page
from app.auth import install as auth
from app.auth.provisioning.page.routers import router as password_page
from app.collections.files.imports.routers import import_keys
from app.collections.routers import add_routes
from app.core.pages import routes as pages
from app.core.web import health
from app.modules import ROUTERS as DOMAINS

COLLECTIONS = (*DOMAINS, *auth.COLLECTIONS)
add_routes(DOMAINS, COLLECTIONS)
PAGES = (pages.router, password_page, audit_page(COLLECTIONS, import_keys(DOMAINS)))
# They are tried in this order: what is asked most comes first.
ROUTERS = (*DOMAINS, *auth.ROUTERS, *LOGS, health.router, *PAGES)
