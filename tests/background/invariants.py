"""What has to hold when all has settled, whoever was killed on the way. Asked of the databases."""

import re
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path

from django.db.models import F
from django_tasks import TaskResultStatus

from bookings.models import Booking, CalendarEntry
from mentormatch.background.models import QueuedTask
from mentormatch.notifications.models import Mail
from payments.models import Transaction, WebhookEvent
from payments.stripe_emulator import config, testing
from payments.stripe_emulator.models import StripeObject
from sessions_app.models import Session

Status, Ledger = Booking.Status, Transaction.Status
COUNTERPARTS = {
    Transaction.Type.BOOKING: ("charge", "stripe_charge_id"),
    Transaction.Type.REFUND: ("refund", "stripe_refund_id"),
    Transaction.Type.PAYOUT: ("transfer", "stripe_transfer_id"),
}


def unfinished() -> list[str]:
    """What somebody still has to work on; empty when all is quiet."""
    waiting = (TaskResultStatus.READY, TaskResultStatus.RUNNING)
    return [
        *(f"task {row.task_path}: {row.status}" for row in tasks().filter(status__in=waiting)),
        *(f"event {row.type}" for row in WebhookEvent.objects.filter(handled_at=None)),
        *(f"webhook {row.event_id}" for row in testing.waiting()),
        *(f"{row.type} {row.code}: {row.status}" for row in on_its_way()),
        *(f"mail {row}" for row in Mail.objects.filter(status=Mail.Status.QUEUED)),
    ]


def tasks():  # a queryset
    return QueuedTask.objects.all()


def on_its_way():  # a queryset
    """Money sent out of which we don't know yet how it went."""
    sent = (Transaction.Type.REFUND, Transaction.Type.PAYOUT)
    return Transaction.objects.filter(type__in=sent, status__in=Transaction.OPEN)


def check_all() -> None:
    check_tasks()
    check_calendar()
    check_money()
    check_sessions()


def check_tasks() -> None:
    """None was given up."""
    failed = tasks().filter(status=TaskResultStatus.FAILED)
    assert [(row.task_path, row.traceback) for row in failed] == []


def check_calendar() -> None:
    """An hour is sold once, and who holds it is in the calendar."""
    live = CalendarEntry.objects.filter(is_live=True).order_by("mentor", "starts_at")
    for _mentor, spans in groupby(live, key=lambda entry: entry.mentor_id):
        assert all(first.ends_at <= second.starts_at for first, second in pairwise(spans))
    for booking in Booking.objects.select_related("calendar_entry"):
        stands = booking.status != Status.CANCELLED
        assert booking.calendar_entry.is_live == stands, booking.code
    assert CalendarEntry.objects.count() == Booking.objects.count()


def check_money() -> None:
    """The ledger and Stripe's books are one story, and each booking is paid as it stands."""
    assert testing.differences() == []
    for kind, (name, column) in COUNTERPARTS.items():
        rows = Transaction.objects.filter(type=kind).exclude(**{column: None})
        ours = {getattr(row, column): row.amount_minor for row in rows}
        assert ours == {row.stripe_id: row.body["amount"] for row in _at_stripe(name)}, name
    paid = Counter(row.body["metadata"]["booking"] for row in _at_stripe("charge"))
    assert set(paid.values()) <= {1}, "somebody paid twice"
    for booking in Booking.objects.exclude(status=Status.PENDING):
        _check_booking(booking, is_paid=booking.code in paid)
    assert not Transaction.objects.exclude(needs_attention="").exists()
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()


def _at_stripe(kind: str) -> list[StripeObject]:
    """Those that went through. A transfer is a charge as well, in the mentor's own books."""
    rows = StripeObject.objects.filter(type=kind, account=config.platform_id())
    return [row for row in rows if row.status in ("succeeded", "")]


def _check_booking(booking: Booking, *, is_paid: bool) -> None:
    given_back = [
        row.amount_minor for row in booking.transactions.refunds().filter(status=Ledger.SUCCEEDED)
    ]
    if booking.status in (Status.CONFIRMED, Status.COMPLETED):
        assert (is_paid, given_back) == (booking.price_minor > 0, []), booking.code
    else:
        assert given_back == ([booking.price_minor] if is_paid else []), booking.code


def check_sessions() -> None:
    """Whatever was confirmed has one session, which lives as long as the booking stands."""
    for booking in Booking.objects.all():
        sessions = Session.objects.filter(seats__booking=booking)
        assert sessions.count() == (booking.confirmed_at is not None), booking.code
        if booking.status == Status.CONFIRMED:
            assert sessions.get().status in Session.LIVE, booking.code


def check_mails(folder: Path, *, kills: int) -> tuple[int, int]:
    """Each fact told once to each person; gives how many arrived, and how many of them twice.

    A kill costs one duplicate at most. Twice killed at the same mail, staff have to look.
    """
    arrived = Counter(
        code
        for file in folder.glob("*")
        for code in re.findall(r"^Message-ID: <([^@>]+)@", file.read_text(), re.MULTILINE)
    )
    for booking in Booking.objects.exclude(confirmed_at=None):
        told = Mail.objects.filter(kind="booking_confirmed", context__booking=booking.code)
        people = {booking.mentee_id, booking.mentor.user_id}
        assert sorted(told.values_list("recipient", flat=True)) == sorted(people)
    lost = Mail.objects.exclude(status=Mail.Status.SENT)
    assert lost.filter(attempts__lt=F("refusals") + 2).count() == 0
    sent = Mail.objects.filter(status=Mail.Status.SENT)
    assert {mail.code for mail in sent} <= set(arrived)
    assert max(arrived.values(), default=0) <= 2
    twice = arrived.total() - len(arrived)
    assert twice + 2 * lost.count() <= kills
    return arrived.total(), twice
