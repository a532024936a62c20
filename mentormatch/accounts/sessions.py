"""Sessions in Django's table, read by a statement written by hand."""

from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection

from mentormatch import times

READ = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(db.SessionStore):
    """Django's own but for reading: it writes a statement anew for every request of everyone."""

    def _validate_session_key(self, key: str) -> bool:
        # A cookie may hold anything, NUL as well, which PostgreSQL answers with an error.
        return bool(super()._validate_session_key(key)) and key.isalnum()  # type: ignore[misc]  # the stubs don't have it

    def load(self) -> dict[str, Any]:
        """What the session holds; one that ended, or never was, holds nothing and has no key."""
        present = connection.ops.adapt_datetimefield_value(times.real_now())
        with connection.cursor() as cursor:
            cursor.execute(READ, [self.session_key, present])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return dict(self.decode(row[0]))
