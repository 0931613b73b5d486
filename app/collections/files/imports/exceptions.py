"""Refusals of a whole file."""

from app.collections.files.imports.schemas import ImportReport
from app.core.exceptions import AppException

MAX_ATOMIC_ROWS = 2_000


class ImportFailedException(AppException):
    """Rows are wrong, and nothing was imported. The report says which."""

    status = 422
    code = "import_failed"

    def __init__(self, report: ImportReport) -> None:
        count = report.error_count
        wrong = "1 error" if count == 1 else f"{count} errors"
        super().__init__(f"The file has {wrong}, so nothing was imported")
        self.errors = [
            {
                "loc": ("body", it.row, *([it.column] if it.column else [])),
                "type": it.code,
                "msg": it.message,
            }
            for it in report.errors
        ]


class TooManyRowsException(AppException):
    status = 422
    code = "too_many_rows"

    def __init__(self) -> None:
        super().__init__(
            f"The file has more than {MAX_ATOMIC_ROWS} rows, which is the limit for an "
            "import of all or none. Send it with atomic=false"
        )
