"""Endpoints of the audit log's tree: checkpoints, proofs and the public key."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import PlainTextResponse

from app.audit.archive.checkpoints.export import get_verifier_key
from app.audit.archive.logs import ACCESSES, CHANGES, LOGS
from app.audit.archive.proofs.prover import Inclusion, Prover
from app.audit.archive.proofs.schemas import (
    ConsistencyQuery,
    ConsistencyRead,
    InclusionRead,
    LogQuery,
)
from app.auth.dependencies import guarded_router
from app.auth.permissions.registry import READ
from app.core.dependencies import SessionDep
from app.core.fields import Id
from app.core.web.document.response_headers import add_references
from app.core.web.openapi import documented

router = guarded_router("audit", (READ,))
LogQueryDep = Annotated[LogQuery, Query()]
RESPONSES = documented(409, 410)
add_references(RESPONSES[409], "Retry-After")
UNSEALED = documented(404)
GROWTH = documented(404, 410)


@router.get("/changes/{id}/proof", response_model=InclusionRead, responses=RESPONSES)
async def prove_change(session: SessionDep, id: Id) -> Inclusion:
    """Prove that a change is in the log that a signed checkpoint describes.

    `scripts/verify_log.py` verifies the answer without this service. 409 until the
    entry is sealed, about a minute after it was made; 410 when it is archived.
    """
    return await Prover(session, CHANGES).prove_row(id)


@router.get("/accesses/{id}/proof", response_model=InclusionRead, responses=RESPONSES)
async def prove_access(session: SessionDep, id: Id) -> Inclusion:
    """Prove that a request is in the log that a signed checkpoint describes."""
    return await Prover(session, ACCESSES).prove_row(id)


@router.get("/checkpoint", response_class=PlainTextResponse, responses=UNSEALED)
async def get_checkpoint(session: SessionDep, query: LogQueryDep) -> str:
    """Return the newest signed checkpoint of a log, a note of C2SP tlog-checkpoint.

    Keep it elsewhere: it proves everything that the log had at that time.
    """
    seal = await Prover(session, LOGS[query.log]).get_newest()
    return seal.note or ""


@router.get("/consistency", response_model=ConsistencyRead, responses=GROWTH)
async def prove_consistency(
    session: SessionDep, query: Annotated[ConsistencyQuery, Query()]
) -> ConsistencyRead:
    """Prove that nothing was changed between two checkpoints of a log.

    410 if leaves that the proof needs are archived.
    """
    prover = Prover(session, LOGS[query.log])
    newest = (await prover.get_newest()).size or 0
    size = newest if query.to is None else query.to
    hashes = await prover.prove_consistency(query.from_, size)
    return ConsistencyRead(from_=query.from_, to=size, hashes=hashes)


@router.get("/key", response_class=PlainTextResponse, responses=UNSEALED)
async def get_key(request: Request, session: SessionDep, query: LogQueryDep) -> str:
    """Return the public key of a log's checkpoints, as Go's sumdb/note spells it."""
    settings = request.app.state.settings
    return await get_verifier_key(session, settings, LOGS[query.log])
