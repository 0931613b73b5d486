"""Creation of the first superuser from the settings."""

from secrets import token_urlsafe

from sqlalchemy.exc import IntegrityError

from app.auth.models import User
from app.auth.passwords.hashing import password_context
from app.auth.passwords.password_policy import check_password, normalize_password
from app.auth.sessions.account_repository import AccountRepository
from app.core.config import Settings
from app.core.db.database import Database
from app.core.text import email_key


async def add_first_superuser(database: Database, settings: Settings) -> str | None:
    """Add the superuser of the settings; return its password if it was generated.

    Leave an existing account with that address unchanged.
    """
    key = email_key(settings.FIRST_SUPERUSER_EMAIL)
    async with database.reading() as session:
        if await AccountRepository(session).find_by_email_key(key):
            return None
    given = settings.FIRST_SUPERUSER_PASSWORD.get_secret_value()
    length = max(18, settings.PASSWORD_MIN_LENGTH)
    password = normalize_password(given or token_urlsafe(length))
    superuser = make_superuser(settings, password)
    try:
        async with database.writing() as session:
            session.add(superuser)
    except IntegrityError:
        return None  # added by another process
    return None if given else password


def make_superuser(settings: Settings, password: str) -> User:
    email = settings.FIRST_SUPERUSER_EMAIL
    check_password(password, email, settings.PASSWORD_MIN_LENGTH)
    return User(
        email=email,
        email_key=email_key(email),
        full_name="Administrator",
        password_hash=password_context.hash(password),
        is_superuser=True,
    )
