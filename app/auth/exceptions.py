"""What authentication and permissions answer when they say no."""

from app.core.exceptions import AppException


class UnauthorizedException(AppException):
    """No token, or one that is not good: the body never says which, or why."""

    status = 401
    code = "invalid_token"
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

    def __init__(self) -> None:
        super().__init__("Sign in first: there is no valid access token")


class AnonymousException(UnauthorizedException):
    """Nothing was sent, so nothing was wrong with it (RFC 6750, section 3.1)."""

    headers = {"WWW-Authenticate": "Bearer"}


class CredentialsException(AppException):
    """The e-mail address or the password is wrong: it never says which."""

    status = 401
    code = "invalid_credentials"
    headers = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong")


class RefreshException(CredentialsException):
    code = "invalid_grant"

    def __init__(self) -> None:
        AppException.__init__(self, "The refresh token is not valid")


class PermissionDeniedException(AppException):
    status = 403
    code = "permission_denied"


class MissingPermissionException(PermissionDeniedException):
    """Names the permission that is lacking, as RFC 6750 has it."""

    def __init__(self, permission: str) -> None:
        super().__init__(f"This needs the permission {permission}")
        challenge = f'Bearer error="insufficient_scope", scope="{permission}"'
        self.headers = {"WWW-Authenticate": challenge}


class PasswordChangeRequiredException(AppException):
    status = 403
    code = "password_change_required"

    def __init__(self) -> None:
        super().__init__("Change the password first: POST /api/v1/auth/password")


class WrongPasswordException(AppException):
    status = 403
    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("The current password is wrong")


class RateLimitedException(AppException):
    status = 429
    code = "rate_limited"

    def __init__(self, seconds: int) -> None:
        super().__init__("There were too many attempts")
        self.headers = {"Retry-After": str(seconds)}
