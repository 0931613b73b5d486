"""Refusals of an Idempotency-Key."""

from app.core.exceptions import AppException, ConflictException


class KeyReusedException(AppException):
    status = 422
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different request")


class KeyInUseException(ConflictException):
    code = "idempotency_key_in_use"
    headers = {"Retry-After": "1"}

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is still running")


class ResponseTooLargeException(ConflictException):
    """The change was made, but its response is not kept.

    It was too large, or had data of a person who was erased since.
    """

    code = "idempotency_response_too_large"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            "The request was done, but its response was too large to be kept, or was "
            f"erased. Its id is {request_id}"
        )
