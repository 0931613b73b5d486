"""Application without permission checks and audit, to measure the cost of the rest."""

from app.auth import dependencies


class OpenPermissionChecker(dependencies.PermissionChecker):
    async def __call__(self) -> None:  # type: ignore[override]  # No parameters.
        """Allow every request."""


# Before the import of the routers, which use the class.
dependencies.PermissionChecker = OpenPermissionChecker  # type: ignore[misc]

from scripts.bench.unaudited import app

__all__ = ["app"]
