"""The routers of the logs."""

from app.audit.archive.proofs.routers import router as proofs
from app.audit.feed.routers import router as feed
from app.audit.routers import router as lists

ROUTERS = (lists, feed, proofs)
