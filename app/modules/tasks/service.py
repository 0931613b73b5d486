"""Task service: status transitions."""

from uuid import UUID

from app.core.clock import now
from app.core.exceptions import ConflictException
from app.core.service import CrudService
from app.modules.tasks.models import Status, Task
from app.modules.tasks.schemas import TaskCreate, TaskUpdate

TRANSITIONS = {
    Status.TODO: {Status.IN_PROGRESS, Status.DONE, Status.CANCELLED},
    Status.IN_PROGRESS: {Status.TODO, Status.DONE, Status.CANCELLED},
    Status.DONE: {Status.TODO},
    Status.CANCELLED: {Status.TODO},
}


class TaskService(CrudService[Task, TaskCreate, TaskUpdate]):
    async def update(self, id: UUID, data: TaskUpdate) -> Task:
        task = await self.get_for_update(id)
        values = data.changes()
        status = values.get("status", task.status)
        if status is not task.status:
            if status not in TRANSITIONS[task.status]:
                raise ConflictException(
                    f"Status cannot change from {task.status} to {status}", "status"
                )
            values["completed_at"] = now() if status is Status.DONE else None
        return await self.repository.update(task, values)
