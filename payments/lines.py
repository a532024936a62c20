"""The lines of a mentor's account: what came in, went back and was passed on, latest first."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from mentormatch.accounts.models import shown_name
from mentormatch.db import read_instant
from mentormatch.mentors.models import MentorProfile
from payments.earnings import Chosen, bounds
from payments.models import Dispute, Transaction
from payments.trail import payable_from

Status, Type, Stage = Transaction.Status, Transaction.Type, Dispute.Status
ROWS_AT_ONCE = 500
INSTANTS = ("succeeded_at", "ends_at", "confirmed_at", "completed_at")
# What a line tells as the database has it.
TOLD = (
    *("code", "type", "status", "currency", "booking_code", "payout_status"),
    *("amount_minor", "platform_fee_minor", "net_minor", "reversed_minor"),
)
NARROWED = {
    "type": "AND t.type = %(type)s",
    "status": "AND t.status = %(status)s",
    "since": "AND COALESCE(t.succeeded_at, t.created_at) >= %(since)s",
    "until": "AND COALESCE(t.succeeded_at, t.created_at) < %(until)s",
}
CHARGES, RECEIVED = (
    ", ".join(f"'{value}'" for value in values)
    for values in (Transaction.CHARGES, Transaction.RECEIVED)
)
# By hand, because writing the same anew from a queryset at each look took three times as long as
# the database takes to answer. Which rows it is about `Transaction.objects.booked` says as well.
ROWS = f"""
FROM payments_transaction t
JOIN accounts_user p ON p.id = t.mentee_id
LEFT JOIN payments_tip g ON g.id = t.tip_id
LEFT JOIN bookings_booking b ON b.id = COALESCE(t.booking_id, g.booking_id)
WHERE t.mentor_id = %(mentor)s
AND (t.type NOT IN ({CHARGES}) OR t.status IN ({RECEIVED}))
"""
COUNT = f"SELECT COUNT(*) {ROWS}"
# Of a charge's payouts `payout_status` takes the one that `Trail.payout` does.
LINES = f"""
SELECT t.code, t.type, t.status, t.currency, COALESCE(t.succeeded_at, t.created_at) AS moved_at,
t.succeeded_at, t.amount_minor, t.platform_fee_minor, t.net_minor, t.reversed_minor, t.metadata,
p.full_name, p.email, b.code AS booking_code, b.starts_at AS session_at,
(SELECT o.status FROM payments_transaction o WHERE o.parent_id = t.id AND o.type = '{Type.PAYOUT}'
 ORDER BY o.status = '{Status.FAILED}', o.status = '{Status.REFUNDED}', o.id DESC LIMIT 1
) AS payout_status,
(SELECT COALESCE(SUM(r.net_minor), 0) FROM payments_transaction r WHERE r.parent_id = t.id
 AND r.type = '{Type.REFUND}' AND r.status <> '{Status.FAILED}') AS given_back_minor,
EXISTS (SELECT 1 FROM payments_dispute d
 WHERE d.charge_id = t.id AND d.status = '{Stage.OPEN}') AS is_frozen,
EXISTS (SELECT 1 FROM payments_dispute d
 WHERE d.charge_id = t.id AND d.status = '{Stage.INQUIRY}') AS is_asked_about,
EXISTS (SELECT 1 FROM bookings_absence a
 WHERE a.booking_id = t.booking_id AND a.outcome = '') AS is_held,
t.booking_id, b.status AS booking_status, b.ends_at, b.confirmed_at, b.completed_at,
b.cancelled_by, b.refund_minor
{ROWS}
"""  # noqa: S608  # nothing in it comes from outside
LATEST_FIRST = "ORDER BY COALESCE(t.succeeded_at, t.created_at) DESC, t.id DESC"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the ledger with all that lists tell of it; amounts are ≥ 0, as they are there.

    `booking_code` and `session_at`: of the session that it was paid for, or that it is a tip for.
    Of a charge, `payout_status` and what follows say where the mentor's part is, as
    `standing_of` asks for it.
    """

    code: str
    type: str
    status: str
    currency: str
    moved_at: dt.datetime
    succeeded_at: dt.datetime | None
    amount_minor: int
    platform_fee_minor: int
    net_minor: int
    reversed_minor: int
    is_chargeback: bool
    who: str
    booking_code: str | None
    session_at: dt.datetime | None
    payout_status: str | None
    is_frozen: bool
    is_asked_about: bool
    is_held: bool
    is_given_back: bool
    leaves_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Ending:
    """What of a booking decides when it is earned, as `policy.earned_at` asks for it."""

    status: str
    cancelled_by: str
    refund_minor: int | None
    ends_at: dt.datetime
    confirmed_at: dt.datetime | None
    completed_at: dt.datetime | None


@dataclass(frozen=True)
class Lines:
    """Those of a mentor that are `chosen`, months being the zone's; read where they are asked for.

    Iterated over, they come in portions: an account may be long. `known`: how many there are,
    where that is known already.
    """

    mentor: MentorProfile
    chosen: Chosen
    zone: dt.tzinfo
    known: int | None = None

    def count(self) -> int:
        """How many there are."""
        if self.known is not None:
            return self.known
        with connection.cursor() as cursor:
            cursor.execute(self._narrowed(COUNT), self._values())
            return int(cursor.fetchone()[0])

    def __getitem__(self, part: slice) -> list[Line]:
        limit = f"LIMIT {part.stop - part.start} OFFSET {part.start}"
        with connection.cursor() as cursor:
            cursor.execute(f"{self._narrowed(LINES)} {LATEST_FIRST} {limit}", self._values())
            return list(_lines(cursor))

    def __iter__(self) -> Iterator[Line]:
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"{self._narrowed(LINES)} {LATEST_FIRST}", self._values())
            yield from _lines(cursor)

    def _narrowed(self, statement: str) -> str:
        return " ".join(
            [statement, *(NARROWED[name] for name in self._values() if name in NARROWED)]
        )

    def _values(self) -> dict[str, Any]:
        values = {"mentor": self.mentor.pk, "type": self.chosen.type, "status": self.chosen.status}
        if self.chosen.month is not None:
            adapt = connection.ops.adapt_datetimefield_value
            since, until = bounds(self.chosen.month, self.zone)
            values |= {"since": adapt(since), "until": adapt(until)}
        return {name: value for name, value in values.items() if value}


def _lines(cursor: Any) -> Iterator[Line]:
    names = [column[0] for column in cursor.description]
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        for row in rows:
            yield _line(dict(zip(names, row, strict=True)))


def _line(row: dict[str, Any]) -> Line:
    return Line(
        **{name: row[name] for name in TOLD},
        moved_at=read_instant(row["moved_at"]),
        succeeded_at=row["succeeded_at"] and read_instant(row["succeeded_at"]),
        is_chargeback="dispute" in json.loads(row["metadata"]),
        is_frozen=bool(row["is_frozen"]),
        is_asked_about=bool(row["is_asked_about"]),
        is_held=bool(row["is_held"]),
        is_given_back=row["given_back_minor"] >= row["net_minor"],
        who=shown_name(row["full_name"], row["email"]),
        session_at=row["session_at"] and read_instant(row["session_at"]),
        leaves_at=_leaves_at(row),
    )


def _leaves_at(row: dict[str, Any]) -> dt.datetime | None:
    at = {name: row[name] and read_instant(row[name]) for name in INSTANTS}
    if row["booking_id"] is None:
        return payable_from(None, at["succeeded_at"])
    booking = _Ending(
        status=row["booking_status"],
        cancelled_by=row["cancelled_by"],
        refund_minor=row["refund_minor"],
        ends_at=at["ends_at"],
        confirmed_at=at["confirmed_at"],
        completed_at=at["completed_at"],
    )
    return payable_from(booking, at["succeeded_at"])
