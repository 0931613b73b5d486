"""Tables of restored rows."""

from sqlalchemy import Index

from app.audit.models import Access, Change


class RestoredChange(Change, table=True):
    """A copy of an archived change, restored for reading."""

    __tablename__ = "audit_change_restored"
    __table_args__ = (
        Index(None, "entity", "entity_id", "version"),
        Index(None, "actor_id", "at"),
    )


class RestoredAccess(Access, table=True):
    """A copy of an archived access, restored for reading."""

    __tablename__ = "audit_access_restored"
    __table_args__ = (Index(None, "user_id", "at"),)
