"""What every model shares, and what it looks like when the database, or the cache, is away."""

import datetime as dt
import sqlite3
import sys
from typing import Any

from django.db import InterfaceError, OperationalError, models
from django.utils.translation import gettext_lazy as _

from mentormatch import times
from mentormatch.ids import public_id


class UpdatedAtField(models.DateTimeField[dt.datetime, dt.datetime]):
    """Set to the present of our clock whenever the row is saved."""

    def pre_save(self, model_instance: models.Model, add: bool) -> dt.datetime:
        value = times.now()
        setattr(model_instance, self.attname, value)
        return value


class TimestampedModel(models.Model):
    created_at = models.DateTimeField(_("created"), default=times.now, editable=False)
    updated_at = UpdatedAtField(_("updated"), default=times.now, editable=False)

    class Meta:
        abstract = True


class PublicIdField(models.CharField[str, str]):
    """The random code by which addresses and the API name a row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"max_length": 32, "unique": True, "default": public_id, "editable": False}
        kwargs |= {"verbose_name": _("code")}
        super().__init__(*args, **kwargs)


def read_instant(value: dt.datetime | str) -> dt.datetime:
    """An instant out of a statement written by hand: aware, in UTC.

    SQLite's are naive, in UTC, and text where they come from an expression.
    """
    instant = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant if instant.tzinfo else instant.replace(tzinfo=times.UTC)


# Busy, no file to open, no room on the disk, or the disk itself (https://sqlite.org/rescode.html).
PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
}


def is_outage(error: BaseException | None) -> bool:
    """Whether the database or Redis was away or busy: the same may go well in a moment.

    What an outage brought about in its turn counts as well (a page that can't keep its session,
    say). SQLite tells of a missing table in the same class, which trying again doesn't help.
    """
    while error is not None:
        if _is_of_redis(error):
            return True
        if isinstance(error, InterfaceError | OperationalError):
            cause = error.__cause__
            # Extended codes say why; the last byte says what.
            code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
            return not isinstance(cause, sqlite3.Error) or code in PASSING
        error = error.__cause__ or error.__context__
    return False


def _is_of_redis(error: BaseException) -> bool:
    """Its client is there only where `CACHE_URL` names it."""
    client = sys.modules.get("redis.exceptions")
    return client is not None and isinstance(error, client.ConnectionError | client.TimeoutError)


def in_one_line(error: Exception) -> str:
    """The first line of what the database said: the rest is for whoever debugs its client."""
    return str(error).partition("\n")[0].strip() or type(error).__name__
