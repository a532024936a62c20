"""What payments do when bookings change: rows and tasks, within the booking's transaction."""

from typing import Any

from django.utils.translation import gettext as _

from bookings.absence_models import Absence
from bookings.models import Booking
from bookings.signals import absence_decided, booking_accepted, booking_cancelled
from payments import services, tasks
from payments.models import Reversal, Transaction
from payments.signals import refund_failed, transfer_reversed


def connect() -> None:
    transfer_reversed.connect(came_back, dispatch_uid="payments.came_back")
    refund_failed.connect(refund_came_to_nothing, dispatch_uid="payments.refund_came_to_nothing")
    absence_decided.connect(give_back_of_absent, dispatch_uid="payments.give_back_of_absent")
    booking_accepted.connect(accepted, dispatch_uid="payments.accepted")
    booking_cancelled.connect(give_back, dispatch_uid="payments.give_back")
    booking_cancelled.connect(give_back_credit, dispatch_uid="payments.give_back_credit")


def came_back(sender: Any, *, reversal: Reversal, **kwargs: Any) -> None:
    """What came back of a disputed charge, or with a refund, may leave again: a bank was quicker.

    In a task, which locks the charge first as everyone does: here its payout is locked.
    """
    charge = reversal.payout.charge
    failed = charge.children.refunds().filter(status=Transaction.Status.FAILED)
    if charge.disputes.exists() or failed.exists():
        tasks.pass_on_again.enqueue(charge_id=charge.pk)


def refund_came_to_nothing(sender: Any, *, transaction: Transaction, **kwargs: Any) -> None:
    """Beside a lost dispute the ledger gives what it stood for to the bank, which has it."""
    charge = transaction.charge
    if charge.disputes.exists():
        tasks.complete_lost.enqueue(charge_id=charge.pk)


def accepted(sender: Any, *, booking: Booking, **kwargs: Any) -> None:
    """Whoever accepted it captures it at once, and if they can't, the sweeper does."""
    services.note_acceptance(booking=booking)


def give_back(
    sender: Any, *, booking: Booking, refund_minor: int, was_confirmed: bool, **kwargs: Any
) -> None:
    """Write down the refund that the policy grants, or the release; a task sends it."""
    if not was_confirmed:
        services.let_go(booking=booking)
        return
    services.refund_booking(
        booking=booking, amount_minor=refund_minor, reason=booking.cancellation_reason
    )


def give_back_credit(sender: Any, *, booking: Booking, **kwargs: Any) -> None:
    """Let the session of a subscription count as unused again, where the policy says so."""
    services.give_back_credit(booking=booking)


def give_back_of_absent(sender: Any, *, absence: Absence, **kwargs: Any) -> None:
    """What a session cost that the mentor missed goes back: its price, or its credit."""
    booking = absence.booking
    if booking.status != Booking.Status.NO_SHOW or not absence.is_about(Booking.Side.MENTOR):
        return
    services.refund_booking(
        booking=booking, amount_minor=booking.refund_minor, reason=_("your mentor wasn't there")
    )
    services.give_back_credit(booking=booking)
