"""Who may call. A stand-in: it lets everybody in until accounts exist."""

from dataclasses import dataclass

from fastapi import APIRouter, Depends

from app.core.routing import api_router


@dataclass(frozen=True)
class PermissionChecker:
    """Allow a request if its user may do to `resource` what its method means."""

    resource: str

    async def __call__(self) -> None:
        """Everybody may, for now."""


def guarded_router(resource: str) -> APIRouter:
    """Return a router whose every route asks for a permission on `resource`."""
    return api_router(
        f"/{resource}",
        tags=[resource],
        dependencies=[Depends(PermissionChecker(resource))],
    )
