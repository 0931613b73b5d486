"""Each checkpoint is cosigned by a witness, which remembers what a database forgets."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import OperationalError

from app.audit.archive.checkpoints.models import AuditSeal, AuditTile
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import CHANGES
from app.audit.archive.tree.cosignatures import cosigned_at
from app.audit.archive.verify.evidence import EvidenceVerifier
from app.audit.archive.verify.report import FindingKind
from app.audit.archive.verify.witness_question import ask_witness
from app.audit.archive.witness.submission import Submission
from app.main import create_app
from tests.audit.archive.attacks.acts import seals
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.commands import command
from tests.audit.archive.rows import AuditLog, make_changes
from tests.audit.archive.tree.signers import WITNESS_KEY
from tests.audit.archive.witness.server import TIME, Witness, running_witness
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT

pytestmark = [pytest.mark.either, pytest.mark.slow]

NAMED = f"the witness {WITNESS_KEY.name}"
CHANGED, LOST = FindingKind.SEAL_CHANGED, FindingKind.SEAL_MISSING


@pytest.fixture
def witness() -> Iterator[Witness]:
    with running_witness() as witness:
        yield witness


@pytest.fixture
def watched(audit_log: AuditLog, witness: Witness) -> AuditLog:
    """A sealed log with a witness, which has not been asked yet."""
    settings = make_settings(
        audit_log.settings.DATABASE_URL, AUDIT_WITNESS=witness.setting
    )
    log = AuditLog(settings, audit_log.directory)
    log.add(CHANGES, make_changes(days=2))
    log.seal()
    witness.trust(log)
    return log


def cosign(log: AuditLog) -> None:
    done = command(log, "checkpoint", AUDIT_WITNESS=log.settings.AUDIT_WITNESS)
    assert (done.code, done.output.count(WITNESS_KEY.name)) == (0, 1)


def test_the_application_has_its_checkpoints_cosigned(
    watched: AuditLog, witness: Witness
) -> None:
    app = create_app(watched.settings)
    with TestClient(app, "http://test") as client:
        assert client.portal
        submit = app.state.witness.submit
        client.portal.call(submit)
        assert state_of(client) == "ok"
        watched.add(CHANGES, make_changes(days=3)[12:])
        watched.seal()
        client.portal.call(submit)
        calls = witness.calls
        client.portal.call(submit)
        assert witness.calls == calls
    note = watched.seals()[-1].note or ""
    assert cosigned_at(note, WITNESS_KEY) == TIME
    report = watched.verify()
    assert not report.findings
    proven = report.proven["changes"]
    assert (proven.size, proven.source) == (
        proven.of,
        "the witness witness.example/w1",
    )


def state_of(client: TestClient) -> Any:
    return client.get("/readyz").json()["checks"]["witness"]


@pytest.mark.sampled
@pytest.mark.parametrize(
    "act",
    [seals.delete_newest_and_its_rows, seals.delete_all_seals],
    ids=lambda act: act.__name__,
)
def test_what_the_witness_has_seen_cannot_be_taken_back(
    watched: AuditLog, act: Any
) -> None:
    cosign(watched)
    act(Target(watched.settings.DATABASE_URL, watched.directory))
    findings = watched.verify().findings
    detail = f"{NAMED} has cosigned 12 leaves"
    assert (LOST, detail) in [(each.kind, each.detail) for each in findings]


def test_a_log_that_was_made_again_contradicts_the_witness(
    watched: AuditLog, witness: Witness
) -> None:
    cosign(watched)
    ((origin, (size, _)),) = witness.seen.items()
    witness.seen[origin] = size, b"r" * 32
    findings = watched.verify().findings
    assert [(each.kind, each.where) for each in findings] == [(CHANGED, "changes")]
    app = create_app(watched.settings)
    with TestClient(app, "http://test") as client:
        assert client.portal
        client.portal.call(app.state.witness.submit)
        assert state_of(client).startswith("alarm: the witness of changes has another")
    done = command(watched, "checkpoint", AUDIT_WITNESS=watched.settings.AUDIT_WITNESS)
    refusal = "The witness of changes has another root. Run `verify`.\n"
    assert (done.code, done.output, done.errors) == (4, "", refusal)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ((500, ""), "it answers 500"),
        ((404, ""), "it answers 404"),
        ((200, ""), "its cosignature is invalid"),
        ((200, "— witness.example/w1 dzpsEgAAAAA=\n"), "its cosignature is invalid"),
        ((200, "x" * 200_000), "it answers more than 100000 bytes"),
        ((409, "many\n"), "it answers 409 without a size"),
        ((409, "9" * 5_000), "it answers 409 without a size"),
        ((409, "0\n"), "it refuses the size that it has cosigned"),
    ],
)
def test_a_witness_that_answers_nonsense_is_no_finding(
    watched: AuditLog, witness: Witness, fault: tuple[int, str], reason: str
) -> None:
    cosign(watched)
    witness.fault = fault
    report = watched.verify()
    assert not report.findings
    assert reason in report.unasked["changes"]
    assert report.proven["changes"].source == NAMED


@pytest.mark.sampled
@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/", "http://xn--a/", "http://[::1/", "http://h:x/"]
)
def test_a_witness_that_is_away_is_no_finding(
    audit_log: AuditLog, address: str
) -> None:
    setting = f"{WITNESS_KEY} {address}"
    settings = make_settings(audit_log.settings.DATABASE_URL, AUDIT_WITNESS=setting)
    log = AuditLog(settings, audit_log.directory)
    log.add(CHANGES, make_changes(days=1))
    log.seal()
    report = log.verify()
    assert not report.findings
    assert report.unasked["changes"].startswith("it does not answer: ")
    assert report.proven["changes"].source is None


def test_a_proxy_that_is_none_is_no_finding(
    watched: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)  # that of the test of a bucket
    monkeypatch.setenv("HTTP_PROXY", "nothing at all")
    report = watched.verify()
    assert not report.findings
    assert report.unasked["changes"].startswith("it does not answer: ")


def test_rows_sealed_during_a_verification_are_no_finding(
    watched: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def seal_and_ask(context: ArchiveContext, verifier: EvidenceVerifier) -> None:
        async with context.database.writing() as session:
            rows = make_changes(days=3)[12:]
            await session.execute(insert(CHANGES.live), rows)
        await context.sealer.seal()
        await ask_witness(context, verifier)

    monkeypatch.setattr("app.audit.archive.verify.verify.ask_witness", seal_and_ask)
    report = watched.verify()
    assert not report.findings
    proven = report.proven["changes"]
    assert (proven.size, proven.of, proven.is_signed) == (12, 12, True)


@pytest.mark.sampled
@pytest.mark.parametrize("damage", ["tiles", "size"])
def test_a_damaged_tree_does_not_stop_the_verification(
    watched: AuditLog, damage: str
) -> None:
    watched.add(CHANGES, make_changes(days=60)[12:])
    watched.seal()
    cosign(watched)
    watched.add(CHANGES, make_changes(days=61)[360:])
    watched.seal()
    target = Target(watched.settings.DATABASE_URL, watched.directory)
    if damage == "tiles":
        target.execute(delete(AuditTile))
    else:
        target.execute(update(AuditSeal).values(size=10**9))
    report = watched.verify()
    assert report.findings
    assert report.unasked["changes"].startswith("the ")


def test_a_login_that_can_only_read_is_no_failure(
    watched: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise OperationalError("UPDATE audit_seal", None, Exception("read-only"))

    monkeypatch.setattr(TreeRepository, "save_note", refuse)
    report = watched.verify()
    assert not report.findings
    assert report.proven["changes"].source == NAMED


def test_an_unexpected_error_is_shown(
    watched: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(Submission, "submit", fail)
    app = create_app(watched.settings)
    with TestClient(app, "http://test") as client:
        assert client.portal
        with pytest.raises(KeyError):
            client.portal.call(app.state.witness.submit)
        assert state_of(client) == (
            "changes not cosigned: internal error, KeyError; "
            "accesses not cosigned: internal error, KeyError"
        )


@pytest.mark.parametrize(
    "setting",
    [
        "https://witness.example/",
        f"{WITNESS_KEY}",
        f"{WITNESS_KEY} ftp://witness.example",
        f"{'w' * 101}{WITNESS_KEY} https://witness.example/",
        f"x{WITNESS_KEY} https://witness.example/",
    ],
)
def test_a_malformed_witness_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="AUDIT_WITNESS"):
        make_settings("sqlite:///", AUDIT_WITNESS=setting)


def test_checkpoints_are_submitted_periodically(
    watched: AuditLog, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.main.SEAL_INTERVAL", 0.01)
    with TestClient(create_app(watched.settings), "http://test"):
        deadline = time.monotonic() + TIMEOUT
        while not witness.seen and time.monotonic() < deadline:
            time.sleep(0.01)
    assert witness.seen
