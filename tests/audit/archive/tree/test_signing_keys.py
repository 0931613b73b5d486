"""Signing keys of the settings, and their rotation."""

from base64 import b64encode
from uuid import UUID

import pytest
from pydantic import ValidationError

from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.rotation import (
    open_rotation,
    sign_successor,
)
from app.audit.archive.tree.signing_keys import SigningKeys, log_name
from app.core.config import Settings
from tests.audit.archive.tree.signers import KEY, NAME, NEW_KEY, STRANGER
from tests.databases import SECRET, make_settings

FORMER = "former-secret-" + "f" * 32
FIRST, SECOND, THIRD = (b64encode(it * 32).decode() for it in (b"1", b"2", b"3"))


def settings(**values: str) -> Settings:
    return make_settings("sqlite:///app.db", **values)


def keys(**values: str) -> SigningKeys:
    return SigningKeys.from_settings(settings(**values))


def test_a_key_of_the_settings_signs() -> None:
    given = keys(AUDIT_SIGNING_KEY=FIRST)
    assert not given.is_derived
    assert given.current(NAME).seed == b"1" * 32


def test_without_one_the_key_is_derived_for_this_purpose() -> None:
    derived = keys()
    assert derived.is_derived
    assert derived == keys()
    assert derived.seeds != keys(SECRET_KEY=FORMER).seeds
    assert derived.seeds == keys(SECRET_KEY=SECRET).seeds


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"SECRET_KEY": FORMER}, {"SECRET_KEYS_OLD": FORMER}),
        ({}, {"AUDIT_SIGNING_KEY": FIRST}),
        (
            {"AUDIT_SIGNING_KEY": FIRST},
            {"AUDIT_SIGNING_KEY": SECOND, "AUDIT_SIGNING_KEYS_OLD": FIRST},
        ),
        ({"AUDIT_SIGNING_KEY": FIRST}, {"AUDIT_SIGNING_KEYS_OLD": FIRST}),
    ],
)
def test_a_former_key_signs_its_successor(
    before: dict[str, str], after: dict[str, str]
) -> None:
    old, now = keys(**before).current(NAME).verifier, keys(**after)
    assert now.current(NAME).verifier != old
    new = now.current(NAME).verifier
    assert open_rotation(str(now.sign_rotation(old, new)), old) == new


def test_a_lost_key_cannot_be_replaced() -> None:
    lost = keys(AUDIT_SIGNING_KEY=FIRST).current(NAME).verifier
    now = keys(AUDIT_SIGNING_KEY=SECOND)
    with pytest.raises(ProofException, match="AUDIT_SIGNING_KEYS_OLD lacks"):
        now.sign_rotation(lost, now.current(NAME).verifier)


def test_a_successor_that_was_planted_is_not_signed() -> None:
    now = keys(AUDIT_SIGNING_KEY=SECOND, AUDIT_SIGNING_KEYS_OLD=FIRST)
    old = keys(AUDIT_SIGNING_KEY=FIRST).current(NAME).verifier
    planted = keys(AUDIT_SIGNING_KEY=THIRD).current(NAME).verifier
    with pytest.raises(ProofException):
        now.sign_rotation(old, planted)


def test_the_current_key_does_not_name_a_former_one_its_successor() -> None:
    """It may have been stolen, and the database password is enough to name it."""
    now = keys(AUDIT_SIGNING_KEY=SECOND, AUDIT_SIGNING_KEYS_OLD=FIRST)
    former = keys(AUDIT_SIGNING_KEY=FIRST).current(NAME).verifier
    with pytest.raises(ProofException):
        now.sign_rotation(now.current(NAME).verifier, former)


def test_a_rotation_must_be_signed_by_the_old_key() -> None:
    forged = Note(sign_successor(KEY, NEW_KEY.verifier).text).sign(NEW_KEY)
    with pytest.raises(ProofException, match="not signed"):
        open_rotation(str(forged), KEY.verifier)


def test_a_rotation_stays_in_its_log() -> None:
    with pytest.raises(ValueError, match="cannot be replaced"):
        sign_successor(KEY, STRANGER.verifier)
    other = Note(f"audit key rotation v1\n{STRANGER.verifier}\n").sign(KEY)
    with pytest.raises(ProofException, match="cannot be replaced"):
        open_rotation(str(other), KEY.verifier)


def test_another_note_is_no_rotation() -> None:
    with pytest.raises(ProofException, match="Not a key rotation"):
        open_rotation(str(Note(f"hello\n{NEW_KEY.verifier}\n").sign(KEY)), KEY.verifier)


def test_each_log_has_its_own_name_and_key_hash() -> None:
    archive, both = UUID(int=7), keys()
    changes, accesses = (log_name(archive, log) for log in ("changes", "accesses"))
    assert changes == "00000000-0000-0000-0000-000000000007/changes"
    key = both.current(changes).verifier
    assert key.hash != both.current(accesses).verifier.hash
    assert both.find(changes, key.hash) == both.current(changes)
    assert both.find(accesses, key.hash) is None


@pytest.mark.parametrize("name", ["AUDIT_SIGNING_KEY", "AUDIT_SIGNING_KEYS_OLD"])
@pytest.mark.parametrize("value", ["c2hvcnQ=", "hunter2-canary", FIRST[:-1], "é"])
def test_a_malformed_key_is_rejected_at_the_start(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match="must be 32 random bytes in base64") as e:
        settings(**{name: value})
    assert value not in str(e.value)


def test_no_repr_shows_a_key() -> None:
    given = keys(AUDIT_SIGNING_KEY=FIRST)
    assert "1111" not in f"{given} {given.current(NAME)}"
