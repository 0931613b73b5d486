"""Exceptions of authentication and authorization: 401, 403, 409 and 429."""

from app.core.exceptions import AppException, ConflictException


class UnauthorizedException(AppException):
    """The token or API key is missing or invalid. The detail never says which."""

    status = 401
    code = "invalid_token"
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

    def __init__(self) -> None:
        super().__init__(
            "No valid access token or API key was sent: log in, or refresh the token"
        )


class AnonymousException(UnauthorizedException):
    """No token was sent: the challenge has no error code (RFC 6750, section 3.1)."""

    headers = {"WWW-Authenticate": "Bearer"}


class CredentialsException(AppException):
    """The login failed. The detail never says which value is wrong."""

    status = 401
    code = "invalid_credentials"
    headers = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__("The e-mail address or password is incorrect")


class RefreshException(CredentialsException):
    code = "invalid_grant"

    def __init__(self) -> None:
        AppException.__init__(
            self, "The refresh token is invalid, expired or already used: log in again"
        )


class PermissionDeniedException(AppException):
    status = 403
    code = "permission_denied"


class MissingPermissionException(PermissionDeniedException):
    """The user lacks a permission, named in WWW-Authenticate as RFC 6750 specifies."""

    def __init__(self, permission: str) -> None:
        super().__init__(f"Missing permission {permission}: ask an administrator")
        challenge = f'Bearer error="insufficient_scope", scope="{permission}"'
        self.headers = {"WWW-Authenticate": challenge}


class KeyNotAllowedException(AppException):
    """The operation is for people: keys must not multiply, nor change passwords."""

    status = 403
    code = "key_not_allowed"

    def __init__(self) -> None:
        super().__init__("API keys can't do this: sign in with a password")


class PasswordChangeRequiredException(AppException):
    status = 403
    code = "password_change_required"

    def __init__(self) -> None:
        super().__init__(
            "The password must be changed first: POST /api/v1/auth/password"
        )


class WrongPasswordException(AppException):
    status = 403
    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("The current password is incorrect")


class InvalidLinkException(AppException):
    """The link is wrong, used or expired. The detail never says which."""

    status = 400
    code = "invalid_link"

    def __init__(self) -> None:
        super().__init__("The link is not valid, was used, or has expired: get another")


class RateLimitedException(AppException):
    status = 429
    code = "rate_limited"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts: retry after {seconds} seconds")
        self.headers = {"Retry-After": str(seconds)}


class LastSuperuserException(ConflictException):
    def __init__(self, *fields: str) -> None:
        super().__init__("Last active superuser: promote another user first", *fields)
