"""Our application with neither guard nor audit: what its foundation costs."""

from app.auth import dependencies


class Open(dependencies.PermissionChecker):
    async def __call__(self) -> None:  # type: ignore[override]  # It asks nothing.
        """Let everybody in."""


# Before the routers are made: they take the class from there.
dependencies.PermissionChecker = Open  # type: ignore[misc]

from scripts.bench.unaudited import app

__all__ = ["app"]
