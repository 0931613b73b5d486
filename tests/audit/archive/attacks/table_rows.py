"""Attacks of a database administrator on rows, and what is reported."""

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import events, inserts, rows
from tests.audit.archive.attacks.attack import Attack, Base, Command

MODIFIED, MISSING, EXTRA = FindingKind.MODIFIED, FindingKind.MISSING, FindingKind.EXTRA
RUN = (Command.RUN,)
NEW = "it is sealed as a new row: what other programs write is not prevented"
NUMBER = "the number orders the rows until they are sealed; it proves nothing"
REPLACED = {MISSING: 1, EXTRA: 1}

CHANGED = [
    Attack("changes the reason of a row", rows.change_reason, {MODIFIED: 1}, None, RUN),
    Attack("changes a value of a row", rows.change_value, {MODIFIED: 1}, None, RUN),
    Attack(
        "gives an object in a row a second value of the same name",
        rows.add_second_price,
        {MODIFIED: 1},
        None,
        RUN,
    ),
    Attack("re-dates a row", rows.change_time, {MODIFIED: 1}, None, RUN),
    Attack("swaps the ids of two rows", rows.swap_ids, {MODIFIED: 2}, None, RUN),
    Attack("swaps the times of two rows", rows.swap_times, {MODIFIED: 2}, None, RUN),
    Attack("gives a row another id", rows.change_id, REPLACED),
    Attack("replaces a row by another one", rows.replace_row, REPLACED),
    Attack("changes a row's transaction number", rows.change_number, note=NUMBER),
    Attack(
        "gives a row the number of a future transaction, before the next sealing",
        rows.change_number_to_future,
        then=events.seal,
        note=NUMBER,
    ),
    Attack(
        "changes a row, before the application changes the record and seals",
        rows.change_reason,
        {MODIFIED: 1},
        None,
        RUN,
        then=events.change_and_seal,
    ),
]
DELETED = [
    Attack("deletes a row", rows.delete_row, {MISSING: 1}),
    Attack(
        "deletes a row as the archiver does, through `audit_pruning`",
        rows.prune_row,
        {MISSING: 1},
    ),
    Attack("deletes a row of the access log", rows.delete_access, {MISSING: 1}),
    Attack(
        "replaces the change log by an older copy of it",
        rows.replay_table,
        {MISSING: 5},
        base=Base.LIVE,
        inconsistent="the change log has no entry for it",
    ),
    Attack(
        "deletes a row, with the triggers in force",
        rows.write_to_log,
        note=("the trigger rejects the statement"),
    ),
]
INSERTED = [
    Attack(
        "inserts a row with the number of a sealed transaction",
        inserts.insert_row,
        {EXTRA: 1},
    ),
    Attack(
        "inserts a row without a transaction number",
        inserts.insert_row_without_number,
        {EXTRA: 1},
    ),
    Attack(
        "inserts a row with the number of a future transaction",
        inserts.insert_row_of_future,
        {EXTRA: 1},
    ),
    Attack(
        "inserts an access with the number of a sealed transaction",
        inserts.insert_access,
        {EXTRA: 1},
    ),
    Attack(
        "inserts an access without a number",
        inserts.insert_access_without_number,
        note="it is counted as late: only old releases wrote such rows",
    ),
    Attack("inserts a row", inserts.insert_row_as_new, note=NEW),
    Attack("inserts an archived row again", inserts.duplicate_row, {EXTRA: 1}),
    Attack(
        "inserts an archived row again, and lets the application seal it",
        inserts.duplicate_row_as_new,
        {EXTRA: 1},
        then=events.seal,
    ),
]
RECORDS = [
    Attack(
        "changes a record with psql",
        rows.change_record,
        inconsistent="notes is 'paid', but '3 changes' in the change log",
    ),
    Attack(
        "changes a record with psql, before a PATCH covers it",
        rows.change_record,
        then=events.change_customer,
        inconsistent="notes was '3 changes' after version 4, but 'paid' before this",
    ),
    Attack(
        "deletes a record with psql",
        rows.delete_record,
        inconsistent="the record is missing, and the change log has no DELETE",
    ),
    Attack(
        "deletes rows in the middle of a record's versions",
        rows.delete_versions,
        {MISSING: 2},
        inconsistent="versions 2 to 3 are missing in the change log",
    ),
]
ROW_ATTACKS = [*CHANGED, *DELETED, *INSERTED, *RECORDS]
