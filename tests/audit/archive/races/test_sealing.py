"""Commands that read beside the application, which seals meanwhile."""

from datetime import timedelta
from itertools import count, islice
from uuid import UUID

import pytest

from app.audit.archive.canonical import decode_row
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.logs import CHANGES
from app.audit.archive.proofs.prover import Prover
from app.audit.archive.verify.seals import SealVerifier
from tests.audit.archive.races.meanwhile import Meanwhile
from tests.audit.archive.races.proving import prove
from tests.audit.archive.rows import KEPT, AuditLog, make_change

pytestmark = pytest.mark.slow

TILE = 256  # leaves
NUMBERS = count(1_000)  # of other versions than those that are there


def seal_more(audit_log: AuditLog) -> None:
    """Complete a tile of the tree."""
    at = KEPT + timedelta(days=1)
    rows = [make_change(at, number) for number in islice(NUMBERS, TILE)]
    audit_log.add(CHANGES, rows)
    audit_log.seal()


def test_verify_compares_tiles_and_keys_with_the_seals_of_then(
    audit_log: AuditLog, meanwhile: Meanwhile
) -> None:
    seal_more(audit_log)
    meanwhile.before(TreeRepository, "list_tiles", lambda: seal_more(audit_log))
    assert audit_log.count_findings() == {}
    assert audit_log.count_findings() == {}


def test_verify_knows_the_name_of_a_log_whose_first_seal_is_new(
    audit_log: AuditLog, meanwhile: Meanwhile
) -> None:
    meanwhile.after(SealVerifier, "open_trees", lambda: seal_more(audit_log))
    assert audit_log.count_findings() == {}
    assert audit_log.count_findings() == {}


def test_an_archived_row_is_proven_by_the_checkpoint_of_its_proof(
    archived: AuditLog, meanwhile: Meanwhile
) -> None:
    id = UUID(decode_row(archived.lines(CHANGES)[0])["id"])
    size = prove(archived, id).size
    meanwhile.after(Prover, "prove_leaf", lambda: seal_more(archived))
    assert prove(archived, id).size == size
    assert prove(archived, id).size > size
