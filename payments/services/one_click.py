"""Paying by one click, with the card that a mentee keeps."""

import datetime as dt

from django.utils.translation import gettext as _

from bookings import services as bookings
from bookings.models import Booking
from bookings.services.locking import exclusive
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden
from payments.models import SavedCard, Transaction
from payments.services import checkout, direct, ledger
from payments.stripe_service import CardRefused

Status = Transaction.Status


def pay_by_one_click(*, booking: Booking, user: User) -> Transaction:
    """The booking's charge, paid with the saved card, or with `checkout_url`.

    The latter where the card's bank wants to see the cardholder. `CardRefused` where it says no;
    otherwise as `pay_with_saved_card`.
    """
    try:
        return pay_with_saved_card(booking=booking, user=user)
    except CardRefused as refusal:
        if not refusal.needs_authentication:
            raise
    return checkout.open_checkout(booking=booking, user=user)


def pay_with_saved_card(
    *, booking: Booking, user: User, now: dt.datetime | None = None
) -> Transaction:
    """Take the booking's price from the saved card, or authorise it; gives the charge then.

    `CardRefused` where the bank says no, or wants to see the cardholder
    (`needs_authentication`): Stripe's page is still open to them. Otherwise as `open_checkout`.
    """
    now = now or times.now()
    if booking.mentee_id != user.pk:
        raise Forbidden(_("Only the person who booked can pay."))
    open_row = ledger.charge_of(booking) if booking.is_to_pay else None
    if open_row is not None and open_row.stripe_checkout_session_id:
        checkout.let_go(open_row, now=now)
    return direct.charge_directly(_row_to_charge(booking, user, now), now=now)


def _row_to_charge(booking: Booking, user: User, now: dt.datetime) -> Transaction:
    with exclusive():
        booking = bookings.lock_booking(booking)
        checkout.check_payable(booking, now)
        card = SavedCard.objects.usable_by(user, now)
        row = ledger.charge_of(booking)
        if row is not None and row.is_direct and row.status == Status.PENDING:
            return row
        if card is None:
            raise Conflict(
                _("There is no saved card to pay with. Pay at Stripe."), code="no_saved_card"
            )
        if row is not None and row.status == Status.PENDING and row.stripe_checkout_session_id:
            raise Conflict(_("Stripe's page was opened meanwhile. Pay there, or try again."))
        if row is not None and row.status == Status.PROCESSING:
            raise Conflict(_("A payment is being processed. Try again when it is through."))
        if row is None or row.status == Status.FAILED:
            row = ledger.open_charge(booking=booking, now=now)
        ledger.note(transaction=row, pays_with=card.stripe_payment_method_id)
    return row
