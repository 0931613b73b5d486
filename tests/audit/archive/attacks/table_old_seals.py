"""Attacks on the seals of a former release, and what is reported."""

from dataclasses import replace

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import events, old_seals
from tests.audit.archive.attacks.attack import Attack, Base, Command

CHANGED, FORGED, LOST = (
    FindingKind.SEAL_CHANGED,
    FindingKind.SEAL_FORGED,
    FindingKind.SEAL_MISSING,
)

MODIFIED, UNPROVEN = FindingKind.MODIFIED, (Command.RUN,)

ATTACKS = [
    Attack(
        "changes a row and its leaf in the tree, not in the old seal",
        old_seals.change_row_and_new_leaf,
        {MODIFIED: 1, CHANGED: 1},
        None,
        UNPROVEN,
    ),
    Attack(
        "changes a row and its leaf in the old seal, not in the tree",
        old_seals.change_row_and_old_leaf,
        {MODIFIED: 1, CHANGED: 1},
        None,
        UNPROVEN,
    ),
    Attack(
        "repeats an old seal",
        old_seals.repeat_seal,
        {CHANGED: 1},
    ),
    Attack(
        "changes the count of an old seal",
        old_seals.change_count,
        {CHANGED: 2},
        None,
        UNPROVEN,
    ),
    Attack(
        "signs an old seal with another key",
        old_seals.change_signature,
        {FORGED: 1, CHANGED: 1},
        None,
        UNPROVEN,
    ),
    Attack(
        "changes a row, and computes all old seals again with another key",
        old_seals.forge_chain,
        {FORGED: 3, CHANGED: 3},
        None,
        UNPROVEN,
    ),
    Attack(
        "deletes an old seal",
        old_seals.delete_first_seal,
        {LOST: 1, CHANGED: 1},
    ),
    Attack(
        "deletes all old seals of a log",
        old_seals.delete_old_seals,
        {LOST: 1, CHANGED: 1},
    ),
    Attack(
        "deletes the trees over old seals",
        old_seals.delete_tree,
        {LOST: 2},
        {},
    ),
    Attack(
        "deletes the trees over old seals, and the application seals again",
        old_seals.delete_tree,
        then=events.seal,
        note="the same seals and rows give the same trees",
    ),
]
OLD_SEAL_ATTACKS = [replace(each, base=Base.UPGRADED) for each in ATTACKS]
