"""Notes and checkpoints: what is signed is read back, and hostile input is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.archive.tree.checkpoints import (
    Checkpoint,
    open_checkpoint,
)
from app.audit.archive.tree.cosignatures import cosigned_at
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.merkle import TreeHead
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.rotation import open_rotation, sign_successor
from app.audit.archive.tree.signer_keys import SignerKey
from tests.audit.archive.tree.signers import (
    KEY,
    NAME,
    NEW_KEY,
    STRANGER,
    WITNESS_KEY,
    cosign,
)
from tests.hostile.strategies import TEXT, max_examples

CHECKPOINT = Checkpoint(NAME, TreeHead(5, b"r" * 32))
NOTE = CHECKPOINT.sign(KEY)
COSIGNED = NOTE.add(cosign(NOTE.text, 1_700_000_000))
ROTATION = sign_successor(KEY, NEW_KEY.verifier)
CORRECT = [str(COSIGNED), str(ROTATION), str(KEY.verifier), str(WITNESS_KEY)]


@st.composite
def almost_correct(draw: st.DrawFn) -> str:
    """Return a correct note or key with a part replaced, removed or repeated."""
    correct = draw(st.sampled_from(CORRECT))
    start = draw(st.integers(0, len(correct)))
    end = draw(st.integers(start, min(start + 40, len(correct))))
    middle = draw(TEXT | st.sampled_from(["\n", "\n\n", "— ", "+", "=", correct]))
    return correct[:start] + middle + correct[end:]


@pytest.mark.slow
@given(TEXT | almost_correct())
@max_examples(250)
def test_parsers_raise_one_exception(text: str) -> None:
    changed = text not in CORRECT
    for parse in (
        VerifierKey.parse,
        Checkpoint.parse,
        Note.parse,
        lambda text: open_checkpoint(text, KEY.verifier, NEW_KEY.verifier),
        lambda text: cosigned_at(text, WITNESS_KEY),
        lambda text: open_rotation(text, KEY.verifier),
    ):
        try:
            parsed = parse(text)
        except ProofException:
            continue
        if isinstance(parsed, VerifierKey) and changed:
            assert str(parsed) == text or parsed == NEW_KEY.verifier
        if isinstance(parsed, Note):
            assert str(parsed) == text
        if isinstance(parsed, Checkpoint) and "— " in text:
            assert parsed == CHECKPOINT


def test_a_checkpoint_is_read_back() -> None:
    assert open_checkpoint(str(NOTE), KEY.verifier) == CHECKPOINT
    assert open_checkpoint(str(COSIGNED), NEW_KEY.verifier, KEY.verifier) == CHECKPOINT
    assert str(NOTE).splitlines()[:3] == [NAME, "5", "cnJy" * 10 + "cnI="]
    assert COSIGNED.add(*NOTE.signatures) == COSIGNED


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([], "not signed by a known key"),
        ([NEW_KEY.verifier], "not signed by a known key"),
        ([WITNESS_KEY], f"not signed by {NAME}"),
        ([STRANGER.verifier], f"not signed by {NAME}"),
    ],
)
def test_the_log_itself_must_sign(keys: list[VerifierKey], message: str) -> None:
    note = COSIGNED.sign(STRANGER)
    with pytest.raises(ProofException, match=message):
        open_checkpoint(str(note), *keys)


def test_one_invalid_signature_refuses_a_note() -> None:
    forged = Note(NOTE.text.replace("5", "6", 1)).sign(STRANGER)
    forged = forged.add(*NOTE.signatures)
    assert forged.verify(STRANGER.verifier)
    with pytest.raises(ProofException, match="Invalid signature"):
        forged.verify(STRANGER.verifier, KEY.verifier)


def test_a_key_signs_only_its_own_log() -> None:
    with pytest.raises(ValueError, match="cannot sign for"):
        CHECKPOINT.sign(STRANGER)


def test_a_cosignature_has_a_time() -> None:
    assert cosigned_at(str(COSIGNED), WITNESS_KEY) == 1_700_000_000
    for message, key in ((str(NOTE), WITNESS_KEY), (str(COSIGNED), KEY.verifier)):
        with pytest.raises(ProofException):
            cosigned_at(message, key)


def test_a_cosignature_covers_its_time_and_the_text() -> None:
    later = cosign(NOTE.text, 1_800_000_000).signature[:8]
    true = cosign(NOTE.text, 1_700_000_000).signature
    assert WITNESS_KEY.verify(NOTE.text, true)
    assert not WITNESS_KEY.verify(NOTE.text, later + true[8:])
    assert not WITNESS_KEY.verify(NOTE.text + "x\n", true)
    assert not WITNESS_KEY.verify(NOTE.text, true[:7])
    assert not WITNESS_KEY.verify(NOTE.text, cosign(NOTE.text, 2**63).signature)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\ud800"])
def test_names_have_no_spaces_and_no_plus(name: str) -> None:
    with pytest.raises(ProofException, match="Invalid key name"):
        SignerKey(name, b"k" * 32).verifier  # noqa: B018


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME}\n05\n{'A' * 43}=\n",
        f"{NAME}\n+5\n{'A' * 43}=\n",
        f"{NAME}\n\u0665\n{'A' * 43}=\n",
        f"{NAME}\n9223372036854775808\n{'A' * 43}=\n",
        f"{NAME}\n5\n{'A' * 42}B=\n",
        f"{NAME}\n5\nAAAA\n",
        f"{NAME}\n5\n{'A' * 43}=",
        f"{NAME}\n5\n{'A' * 43}=\n\n",
        f"\n5\n{'A' * 43}=\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with pytest.raises(ProofException):
        Checkpoint.parse(text)


def test_extension_lines_are_signed_and_ignored() -> None:
    note = Note(f"{CHECKPOINT}more\n").sign(KEY)
    assert open_checkpoint(str(note), KEY.verifier) == CHECKPOINT


@pytest.mark.parametrize("count", [0, 101])
def test_the_number_of_signatures_is_limited(count: int) -> None:
    (signature,) = NOTE.signatures
    with pytest.raises(ProofException, match="signature lines"):
        Note.parse(f"{NOTE.text}\n" + f"{signature}\n" * count)
