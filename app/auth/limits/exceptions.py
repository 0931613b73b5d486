"""The refusal of a request that is over a rate limit."""

from app.core.exceptions import AppException


class QuotaExceededException(AppException):
    status = 429
    code = "quota_exceeded"

    def __init__(self, limit: str, seconds: int) -> None:
        super().__init__(
            f"The rate limit of this {limit} is reached: retry after {seconds} seconds"
        )
        self.headers = {"Retry-After": str(seconds)}
