"""Reasons why a person is not erased or exported."""


class ErasureException(Exception):
    """A sentence for the operator. Nothing was erased."""

    exit_code = 1


class UsageException(ErasureException):
    exit_code = 2


class HeldException(ErasureException):
    """A legal hold wins until it is released."""

    exit_code = 3
