"""Attacks of a storage administrator on files, and what is reported."""

from dataclasses import replace

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import files
from tests.audit.archive.attacks.attack import Act, Adversary, Attack, Command, Findings

MODIFIED, MISSING, EXTRA = FindingKind.MODIFIED, FindingKind.MISSING, FindingKind.EXTRA
LOST, CHANGED, DAMAGED, PLANTED = (
    FindingKind.FILE_MISSING,
    FindingKind.FILE_CHANGED,
    FindingKind.FILE_DAMAGED,
    FindingKind.FILE_EXTRA,
)
MANIFEST_LOST, MANIFEST_CHANGED, FORGED = (
    FindingKind.MANIFEST_MISSING,
    FindingKind.MANIFEST_CHANGED,
    FindingKind.MANIFEST_FORGED,
)
IDENTITY_LOST, IDENTITY_CHANGED = (
    FindingKind.IDENTITY_MISSING,
    FindingKind.IDENTITY_CHANGED,
)
READ = (Command.QUERY, Command.RESTORE)
ALL = (*READ, Command.RUN)
NO_MANIFEST = {MANIFEST_CHANGED: 1, MISSING: 6}


def storage(
    sentence: str, act: Act, found: Findings, refused: tuple[Command, ...] = READ
) -> Attack:
    """Return an attack on the folder. `run` names each manifest that was changed."""
    adversary = Adversary.STORAGE
    if found.keys() & {MANIFEST_LOST, MANIFEST_CHANGED, FORGED}:
        refused = tuple(dict.fromkeys((*refused, Command.RUN)))
    return Attack(sentence, act, found, None, refused, adversary=adversary)


CONTENT = [
    storage("changes a line", files.change_archived_line, {CHANGED: 1, MODIFIED: 1}),
    storage(
        "changes a line, and recomputes all hashes, without a signature",
        files.change_line_and_hashes,
        {FORGED: 1, MODIFIED: 1},
    ),
    storage(
        "the same, signed with another key",
        files.change_line_and_sign,
        {FORGED: 1, MODIFIED: 1},
    ),
    storage("truncates a file", files.truncate_file, {DAMAGED: 1, MISSING: 1}),
    storage("changes a byte of a file", files.corrupt_file, {DAMAGED: 1, MISSING: 6}),
    storage("empties a file", files.empty_file, {CHANGED: 1, MISSING: 6}),
    storage(
        "writes other JSON into a file",
        files.write_other_json,
        {CHANGED: 1, MISSING: 6},
    ),
    storage(
        "puts a million lines into a file", files.inflate_file, {DAMAGED: 1, MISSING: 6}
    ),
    storage(
        "puts a directory in a file's place",
        files.make_file_directory,
        {DAMAGED: 1, MISSING: 6},
    ),
    storage("swaps two files", files.swap_files, {CHANGED: 2}),
    storage(
        "swaps two files with their indexes and manifests",
        files.swap_file_sets,
        {MANIFEST_CHANGED: 2, CHANGED: 4},
    ),
]
MANIFESTS = [
    storage("swaps two manifests", files.swap_manifests, {MANIFEST_CHANGED: 2}),
    storage("changes a manifest", files.change_manifest, {MANIFEST_CHANGED: 1}),
    storage(
        "signs a manifest with another key",
        files.sign_manifest,
        {FORGED: 1},
        (Command.RESTORE,),
    ),
    *(
        storage(sentence, act, {MANIFEST_CHANGED: 1}, (Command.RESTORE,))
        for sentence, act in (
            ("gives a manifest a second count", files.repeat_member_of_manifest),
            ("gives a manifest another member", files.add_member_to_manifest),
            ("makes a manifest's count a text", files.retype_member_of_manifest),
        )
    ),
    storage("makes a manifest a list", files.make_manifest_list, NO_MANIFEST),
    storage("makes a manifest null", files.make_manifest_null, NO_MANIFEST),
    storage(
        "makes a manifest's hash a number", files.make_manifest_hash_number, NO_MANIFEST
    ),
    storage(
        "gives a time in a manifest no zone",
        files.make_manifest_time_naive,
        NO_MANIFEST,
    ),
    storage(
        "puts a directory in a manifest's place",
        files.make_manifest_directory,
        NO_MANIFEST,
    ),
    storage("empties an index", files.empty_index, {CHANGED: 1}, (Command.QUERY,)),
]
FOLDER = [
    storage("deletes a file", files.delete_file, {LOST: 1, MISSING: 6}),
    storage(
        "deletes a manifest", files.delete_manifest, {MANIFEST_LOST: 1, MISSING: 6}
    ),
    storage("deletes an index", files.delete_index, {LOST: 1}, (Command.QUERY,)),
    replace(
        storage(
            "deletes a file with its index and manifest",
            files.delete_file_set,
            {MANIFEST_LOST: 1, MISSING: 6},
        ),
        refused=READ,  # a run passes over files that may have been deleted by law
    ),
    storage(
        "deletes the newest file with its index and manifest",
        files.delete_newest_file_set,
        {MANIFEST_LOST: 1, MISSING: 6},
        ALL,
    ),
    replace(
        storage(
            "deletes all files",
            files.delete_folder,
            {MANIFEST_LOST: 6, MISSING: 30},
            ALL,
        ),
        on_postgresql={MISSING: 18},
    ),
    storage(
        "plants a copy of a file with its manifest under another number",
        files.plant_file,
        {PLANTED: 1},
        ALL,
    ),
    storage(
        "plants a file with a changed line and a manifest signed with another key",
        files.plant_forged_file,
        {PLANTED: 1},
        ALL,
    ),
    storage(
        "plants a file with its index, without a manifest",
        files.plant_data,
        {PLANTED: 2},
        (),
    ),
    storage(
        "plants a manifest with a name that is no text",
        files.plant_unprintable_name,
        {PLANTED: 1},
        ALL,
    ),
    storage("deletes `identity.json`", files.delete_identity, {IDENTITY_LOST: 1}, ()),
    storage(
        "changes `identity.json`", files.change_identity, {IDENTITY_CHANGED: 1}, ALL
    ),
]
ODD_FILES = [
    storage("puts a FIFO in a manifest's place", files.make_manifest_fifo, NO_MANIFEST),
    storage(
        "puts a FIFO in a file's place", files.make_file_fifo, {DAMAGED: 1, MISSING: 6}
    ),
    storage(
        "puts a FIFO in an index's place",
        files.make_index_fifo,
        {DAMAGED: 1},
        (Command.QUERY,),
    ),
    storage(
        "puts a FIFO in the place of `identity.json`",
        files.make_identity_fifo,
        {IDENTITY_CHANGED: 1},
        ALL,
    ),
    storage(
        "links a manifest to an endless device",
        files.link_manifest_to_device,
        NO_MANIFEST,
    ),
    storage(
        "moves the files of a log elsewhere, and leaves a link",
        files.link_folder,
        {PLANTED: 1, MANIFEST_CHANGED: 3, MISSING: 18},
        ALL,
    ),
    storage("plants a FIFO as a manifest", files.plant_fifo, {PLANTED: 1}, ALL),
    storage(
        "plants a link where a file will be written", files.plant_link, {PLANTED: 1}, ()
    ),
]
FILE_ATTACKS = [*CONTENT, *MANIFESTS, *FOLDER, *ODD_FILES]
