"""One's bookings as the API lists them: read as they are told, without a `Booking` for each row.

Django takes longer to write such a statement than the database to answer it, so that each is
written once: there are as many as roles and states to choose from.
"""

from functools import lru_cache
from typing import Any

from django.db import connection

from bookings.models import Booking, BookingQuerySet
from mentormatch.accounts.models import User

# Stands for whoever asks in a statement that is kept: no row has this number.
SOMEONE = User(pk=-1)
TOLD = (
    *("code", "mentor_id", "mentee_id", "starts_at", "ends_at", "duration_minutes"),
    *("session_type", "status", "price_minor", "platform_fee_minor", "currency"),
    *("hold_expires_at", "answer_by_at", "free_cancellation_until", "notes", "created_at"),
)


def rows_of(
    user: User, *, role: str = "", status: str = "", start: int, most: int
) -> list[dict[str, Any]]:
    """Of `Booking.objects.in_role`, those of that status if one is given: `TOLD`, latest first.

    From the `start`th on at most so many. SQLite's instants are naive, in UTC.
    """
    statement, values = _statement(role, status)
    found = _asked(f"{statement} LIMIT {most:d} OFFSET {start:d}", values, user)
    return [dict(zip(TOLD, row, strict=True)) for row in found]


def count_of(user: User, *, role: str = "", status: str = "") -> int:
    """How many those are."""
    statement, values = _counting(role, status)
    return int(_asked(statement, values, user)[0][0])


@lru_cache
def _statement(role: str, status: str) -> tuple[str, tuple[Any, ...]]:
    rows = _chosen(role, status).order_by("-starts_at", "-pk").values_list(*TOLD)
    statement, values = rows.query.sql_with_params()
    return statement, values


@lru_cache
def _counting(role: str, status: str) -> tuple[str, tuple[Any, ...]]:
    rows = _chosen(role, status).order_by().values_list("pk")
    statement, values = rows.query.sql_with_params()
    return f"SELECT COUNT(*) FROM ({statement}) AS found", values  # noqa: S608  # Django's own


def _chosen(role: str, status: str) -> BookingQuerySet:
    found = Booking.objects.in_role(SOMEONE, role)
    return found.filter(status=status) if status else found


def _asked(statement: str, values: tuple[Any, ...], user: User) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [user.pk if value == SOMEONE.pk else value for value in values])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
