"""The reason why a backup or a restore stops."""


class BackupException(Exception):
    """A sentence for the operator. What was there before is unchanged."""

    exit_code = 1


class DifferenceException(BackupException):
    """The copy differs from its log or its seals."""

    exit_code = 4
