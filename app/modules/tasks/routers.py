"""HTTP for tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.auth.dependencies import guarded_router
from app.core.dependencies import PreconditionsDep, SessionDep
from app.core.pagination import Page
from app.modules.tasks.models import Task
from app.modules.tasks.repository import TaskRepository
from app.modules.tasks.schemas import (
    TaskCreate,
    TaskQuery,
    TaskRead,
    TaskUpdate,
)
from app.modules.tasks.service import TaskService

router = guarded_router("tasks")


async def get_service(
    session: SessionDep, preconditions: PreconditionsDep
) -> TaskService:
    return TaskService(TaskRepository(session), preconditions)


ServiceDep = Annotated[TaskService, Depends(get_service)]


@router.get("", response_model=Page[TaskRead])
async def list_tasks(
    service: ServiceDep, query: Annotated[TaskQuery, Query()]
) -> Page[Task]:
    """List tasks, newest first. `q` searches title and description."""
    return await service.page(query)


@router.post("", response_model=TaskRead, status_code=201)
async def create_task(service: ServiceDep, data: TaskCreate) -> Task:
    """Create a task with the status `todo`."""
    return await service.create(data)


@router.get("/{task_id}", response_model=TaskRead)
async def get_task(service: ServiceDep, task_id: UUID) -> Task:
    """Return one task."""
    return await service.get(task_id)


@router.patch("/{task_id}", response_model=TaskRead)
async def update_task(service: ServiceDep, task_id: UUID, data: TaskUpdate) -> Task:
    """Change the given fields. An invalid transition of `status` fails with 409.

    From `todo` and `in_progress` a task can move to any other status; from `done` and
    `cancelled` only to `todo`. `completed_at` is set and cleared automatically.
    """
    return await service.update(task_id, data)


@router.delete("/{task_id}", status_code=204)
async def delete_task(service: ServiceDep, task_id: UUID) -> None:
    """Delete a task."""
    await service.delete(task_id)
