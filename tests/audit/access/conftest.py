"""Fixtures: the rows of the access log."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from app.audit.access.access_log import AccessLog
from app.audit.models import AuditAccess
from tests.clients import Client
from tests.conftest import Read

Accesses = Callable[[], list[AuditAccess]]


@pytest.fixture
def accesses(app: FastAPI, anonymous: Client, read: Read) -> Accesses:
    """Return a function that loads the spool and returns all rows, oldest first."""

    def load() -> list[AuditAccess]:
        log: AccessLog = app.state.access_log
        assert log.loader
        anonymous.call(log.loader.load)
        return read(select(AuditAccess).order_by(col(AuditAccess.at)))

    return load
