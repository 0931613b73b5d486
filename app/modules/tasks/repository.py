"""Queries on tasks."""

from sqlalchemy import ColumnElement, and_, func, not_
from sqlmodel import col

from app.core.db.filters import NOW
from app.core.repository import BaseRepository
from app.modules.tasks.models import Status, Task

OPEN = (Status.TODO, Status.IN_PROGRESS)


def overdue(yes: bool) -> ColumnElement[bool]:
    late = func.coalesce(col(Task.due_at) < NOW, False)
    condition = and_(late, col(Task.status).in_(OPEN))
    return condition if yes else not_(condition)


class TaskRepository(BaseRepository[Task]):
    model = Task
    conditions = {
        "due_before": lambda instant: col(Task.due_at) < instant,
        "due_after": lambda instant: col(Task.due_at) > instant,
        "overdue": overdue,
    }
