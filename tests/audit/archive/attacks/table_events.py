"""Second installations, time, and developers, with what is reported."""

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import events, rows
from tests.audit.archive.attacks.attack import Adversary, Attack, Base, Command

ALL = (Command.QUERY, Command.RESTORE, Command.RUN)
SECOND, TIME = Adversary.INSTALLATION, Adversary.TIME
FOLDER = "the second installation's command is refused"

INSTALLATIONS = [
    Attack(
        "another database archives into the folder",
        second=events.archive,
        second_base=Base.OTHER,
        second_refused=True,
        adversary=SECOND,
        note=FOLDER,
    ),
    Attack(
        "another database restores from the folder",
        second=events.restore,
        second_base=Base.OTHER,
        second_refused=True,
        adversary=SECOND,
        note=FOLDER,
    ),
    Attack(
        "another database has claimed the folder",
        found={FindingKind.IDENTITY_CHANGED: 1, FindingKind.FILE_EXTRA: 8},
        refused=ALL,
        second=events.archive,
        second_base=Base.OTHER,
        base=Base.LIVE,
        adversary=SECOND,
    ),
    Attack(
        "a copy of the database archives into the folder",
        found={FindingKind.FILE_EXTRA: 2},
        refused=ALL,
        second=events.archive,
        adversary=SECOND,
    ),
    Attack(
        "files of another database, with the same key, are planted in the folder",
        found={FindingKind.FILE_EXTRA: 1},
        refused=ALL,
        second=events.plant_own_files,
        second_base=Base.OTHER,
        adversary=SECOND,
    ),
    Attack(
        "files of a copy of the database, with the same key and id, are planted",
        found={FindingKind.FILE_EXTRA: 1},
        refused=ALL,
        second=events.plant_files_of_copy,
        adversary=SECOND,
    ),
]
TIMES = [
    Attack(
        "the clock is set back by ten minutes",
        then=events.set_clock_back,
        adversary=TIME,
    ),
    Attack(
        "the clock is two hours ahead, and set right",
        then=events.set_clock_ahead,
        adversary=TIME,
    ),
    Attack(
        "a row is dated ten years back",
        then=events.set_clock_ten_years_back,
        adversary=TIME,
    ),
    Attack(
        "a row is dated ten years ahead",
        then=events.set_clock_ten_years_ahead,
        adversary=TIME,
    ),
    Attack("an access is loaded late", then=events.load_late_access, adversary=TIME),
    Attack(
        "a row has an integer of 70 bits",
        rows.store_any_json,
        then=events.seal,
        adversary=TIME,
    ),
    Attack("a log gets another column", rows.add_column, adversary=TIME),
    Attack("the key is rotated", then=events.rotate_key, adversary=TIME),
    Attack(
        "the key is changed, and the old one lost",
        found={
            FindingKind.SEAL_FORGED: 7,
            FindingKind.MANIFEST_FORGED: 6,
            FindingKind.KEY_CHANGED: 2,
        },
        refused=ALL,
        then=events.lose_key,
        adversary=TIME,
    ),
    Attack(
        "the database is restored from a backup that is older than the newest files",
        found={FindingKind.FILE_EXTRA: 2},
        refused=ALL,
        second=events.archive,
        adversary=TIME,
    ),
    Attack(
        "the same, and the files are adopted",
        second=events.archive,
        then=events.adopt,
        adversary=TIME,
    ),
]
EVENTS = [*INSTALLATIONS, *TIMES]
