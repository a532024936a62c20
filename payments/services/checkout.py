"""Paying at Stripe's: the checkout is opened, looked after, and closed; Stripe is asked first.

The row is written before Stripe is called and names the attempt, so that whoever comes after a
crash or a lost answer gets the same checkout again, and nobody pays twice.
"""

import datetime as dt
import logging
import time

from django.utils.translation import gettext as _

from bookings import services as bookings
from bookings.models import Booking
from bookings.services.locking import exclusive
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, DomainError, Forbidden, StripeError
from payments.models import Transaction
from payments.services import cards, direct, ledger
from payments.services.recording import record_checkout
from payments.services.sales import sale_of
from payments.stripe_service import StripeBroken, StripeRefused, StripeService, why
from payments.stripe_types import Checkout

logger = logging.getLogger(__name__)
Status = Transaction.Status
LONGEST_ROUND_SECONDS = 20.0


def open_checkout(
    *, booking: Booking, user: User, saves_card: bool = False, now: dt.datetime | None = None
) -> Transaction:
    """The booking's charge with `checkout_url`; the open one again if repeated.

    `saves_card`: they agreed to keep the card for later; it counts when the page is first opened.
    Raises `Forbidden` for the mentor, `Conflict` where there is nothing to pay (any more),
    `StripeError` where Stripe can't be asked: the hold stays, and trying again is safe.
    """
    now = now or times.now()
    if booking.mentee_id != user.pk:
        raise Forbidden(_("Only the person who booked can pay."))
    if saves_card:
        cards.customer_of(user)
    return checkout_of(_charge_to_pay(booking, now, saves_card=saves_card), now=now)


def checkout_of(row: Transaction, *, now: dt.datetime) -> Transaction:
    """A charge to be paid, with `checkout_url`; the open one again if repeated.

    Raises as `open_checkout` does.
    """
    if row.stripe_checkout_session_id:
        return _still_open(row, now)
    return _remember(row, _create(row, now))


def _still_open(row: Transaction, now: dt.datetime) -> Transaction:
    checkout = StripeService().retrieve_checkout_session(row.stripe_checkout_session_id or "")
    if not checkout.is_open:
        record_checkout(transaction=row, checkout=checkout, now=now)
        if row.status == Status.FAILED:
            ledger.note(transaction=row, checkout_expires_at=now)
        raise Conflict(_("This checkout is closed. Look at your booking to see how it stands."))
    return row


def _charge_to_pay(booking: Booking, now: dt.datetime, *, saves_card: bool) -> Transaction:
    """The row to open a checkout for, made if it is missing."""
    with exclusive():
        booking = bookings.lock_booking(booking)
        check_payable(booking, now)
        row = ledger.charge_of(booking)
        if row is None or _is_over(row, now):
            row = ledger.open_charge(booking=booking, now=now)
        if row.is_direct:
            raise _card_is_charged()
        if row.checkout_expires_at is None:
            ends_at = sale_of(row).closes_at(row, now)
            ledger.note(transaction=row, checkout_expires_at=ends_at, saves_card=saves_card)
    return row


def _card_is_charged() -> Conflict:
    return Conflict(_("Your saved card is being charged. Try again in a minute."))


def _is_over(row: Transaction, now: dt.datetime) -> bool:
    """It failed, and there is no page any more on which another card could be tried."""
    ended = row.checkout_expires_at is not None and row.checkout_expires_at <= now
    return row.status == Status.FAILED and (ended or not row.stripe_checkout_session_id)


def check_payable(booking: Booking, now: dt.datetime) -> None:
    if not booking.is_to_pay:
        raise Conflict(_("There is nothing to pay for this booking."))
    if booking.hold_expires_at is None or booking.hold_expires_at <= now:
        raise Conflict(
            _("The time to pay is over. Choose a time again, it may still be free."),
            code="hold_expired",
        )
    if not booking.mentor.sells:
        raise Conflict(
            _("This mentor can't be paid at the moment. Try again later."), code="not_payable"
        )


def _create(row: Transaction, now: dt.datetime) -> Checkout:
    """Ask Stripe for the row's checkout, under a new key where the old one is used up."""
    service = StripeService()
    try:
        return service.create_checkout_session(transaction=row)
    except StripeError as error:
        if isinstance(error, StripeBroken | StripeRefused) and error.needs_new_key:
            # Asked for too long ago, or of another address, or Stripe says for a day that it
            # failed: nobody got an answer then.
            _next_attempt(row, now)
            return service.create_checkout_session(transaction=row)
        if isinstance(error, StripeRefused):
            _refused(row, error)
        else:
            ledger.note(transaction=row, last_error=why(error))
        raise


def _next_attempt(row: Transaction, now: dt.datetime) -> None:
    ends_at = sale_of(row).closes_at(row, now)
    ledger.note(transaction=row, attempts=row.attempts + 1, checkout_expires_at=ends_at)


def _refused(row: Transaction, refusal: StripeRefused) -> None:
    logger.warning("checkout %s was refused: %s", row.code, why(refusal))
    ledger.move(
        transaction=row,
        to=Status.FAILED,
        last_error=why(refusal),
        needs_attention=f"Stripe refused this checkout: {why(refusal)}"[:500],
    )


def _remember(row: Transaction, checkout: Checkout) -> Transaction:
    """Write the checkout down and hold what it is for until it ends.

    Close it if we came too late, if another was written down meanwhile, or if the saved card is
    being charged instead.
    """
    sale = sale_of(row)
    with exclusive():
        sale.lock(row)
        row.refresh_from_db()
        is_second = row.stripe_checkout_session_id not in (None, checkout.id)
        alive = sale.is_wanted(row) and checkout.is_open
        if not is_second and not row.is_direct:
            _write(row, checkout)
            if alive:
                sale.keep(row, checkout.expires_at)
    if row.is_direct:
        # The row stays the card's: how this page ends says nothing of what the card came to.
        StripeService().expire_checkout_session(checkout.id)
        raise _card_is_charged()
    if is_second:
        StripeService().expire_checkout_session(checkout.id)
        return _still_open(row, times.now())
    if not alive:
        closed = close(row)
        record_checkout(transaction=row, checkout=closed or checkout)
        raise Conflict(_("The booking was given up meanwhile."))
    return row


def _write(row: Transaction, checkout: Checkout) -> None:
    ledger.note(
        transaction=row,
        stripe_checkout_session_id=checkout.id,
        checkout_url=checkout.url,
        checkout_expires_at=checkout.expires_at,
        last_error="",
    )


def close(row: Transaction) -> Checkout | None:
    """Let nobody pay any more; gives how the checkout ended, `None` where there is none."""
    if not row.stripe_checkout_session_id:
        return None
    closed = StripeService().expire_checkout_session(row.stripe_checkout_session_id)
    if closed is None:
        ledger.note(transaction=row, needs_attention="Stripe doesn't know this checkout.")
    return closed


def settle(*, booking: Booking, now: dt.datetime | None = None) -> Transaction | None:
    """Ask Stripe whether the booking was paid, and do what follows; the address is no proof.

    Gives the charge as it is then; `None` where no checkout was ever opened.
    """
    row = ledger.charge_of(booking)
    return settle_charge(row, now=now) if row is not None else None


def settle_charge(row: Transaction, *, now: dt.datetime | None = None) -> Transaction:
    """The same of any charge, as it is then; one without a checkout is as it was."""
    if not row.stripe_checkout_session_id:
        return direct.settle_directly(row, now=now)
    if row.status not in (*Transaction.PAID, Status.REFUNDED):
        checkout = StripeService().retrieve_checkout_session(row.stripe_checkout_session_id)
        record_checkout(transaction=row, checkout=checkout, now=now)
        row.refresh_from_db()
    return row


def call_off(
    *, booking: Booking, by: User | None, reason: str = "", now: dt.datetime | None = None
) -> Booking:
    """Cancel a booking, closing its checkout at Stripe first.

    If that turns out paid, it is a confirmed booking that is cancelled, by the rules of those.
    """
    booking.refresh_from_db()
    closed = _close_what_is_to_pay(booking, now)
    with exclusive():
        booking = bookings.lock_booking(booking)
        row = ledger.charge_of(booking) if booking.is_to_pay else None
        if row is None or row.stripe_checkout_session_id == closed:
            if row is not None:
                ledger.move(transaction=row, to=Status.FAILED)
            return bookings.cancel_booking(booking=booking, by=by, reason=reason, now=now)
    # Another tab opened a checkout meanwhile, which has to be closed too.
    return call_off(booking=booking, by=by, reason=reason, now=now)


def _close_what_is_to_pay(booking: Booking, now: dt.datetime | None) -> str | None:
    """Close the checkout of an unpaid booking, and record how it ended; gives its id."""
    row = ledger.charge_of(booking) if booking.is_to_pay else None
    if row is not None:
        direct.settle_directly(row, now=now)
    checkout = close(row) if row is not None else None
    if row is not None and checkout is not None:
        if checkout.is_processing:
            raise Conflict(_("A payment is being processed. Try again when it is through."))
        if checkout.is_paid or checkout.is_authorized:
            record_checkout(transaction=row, checkout=checkout, now=now)
    return row.stripe_checkout_session_id if row is not None else None


def expire_unpaid(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Let go of all that wasn't paid in time, after asking Stripe; gives the number looked at.

    One that can't be asked about now stays for the next round, and so does what is left when
    Stripe is slow: the worker has other things to do.
    """
    now, until = now or times.now(), time.monotonic() + LONGEST_ROUND_SECONDS
    due = _overdue(now, limit)
    for count, thing in enumerate(due, start=1):
        if not _could_be_asked(thing, now) or time.monotonic() >= until:
            return count  # the others would wait for as long, each of them
    return len(due)


def _overdue(now: dt.datetime, limit: int) -> list[Booking | Transaction]:
    """Holds that ran out, and checkouts of tips that nobody came back to."""
    holds = Booking.objects.filter(status=Booking.Status.PENDING, hold_expires_at__lte=now)
    tips = Transaction.objects.filter(
        type=Transaction.Type.TIP, status=Status.PENDING, checkout_expires_at__lte=now
    )
    return [
        *holds.order_by("hold_expires_at")[:limit],
        *tips.order_by("checkout_expires_at")[:limit],
    ]


def _could_be_asked(thing: Booking | Transaction, now: dt.datetime) -> bool:
    try:
        if isinstance(thing, Booking):
            _expire(thing, now)
        else:
            let_go(thing, now=now)
    except StripeError as error:
        logger.warning("hold %s: Stripe can't be asked: %s", thing.code, why(error))
        # What it fails at or refuses may be this one alone.
        return isinstance(error, StripeBroken) or not error.retryable
    except DomainError as error:
        logger.warning("hold %s: not freed: %s", thing.code, error.code)
    return True


def let_go(row: Transaction, *, now: dt.datetime | None = None) -> Transaction:
    """Close the checkout of a charge that holds nothing; gives it as it is then, perhaps paid.

    Nobody ever saw the address of a checkout that isn't written down.
    """
    checkout = close(row)
    if checkout is not None:
        record_checkout(transaction=row, checkout=checkout, now=now)
    elif row.status == Status.PENDING:
        ledger.move(transaction=row, to=Status.FAILED)
    row.refresh_from_db()
    if row.status == Status.FAILED:
        ledger.note(transaction=row, checkout_expires_at=now or times.now())
    return row


def _expire(booking: Booking, now: dt.datetime) -> None:
    row = ledger.charge_of(booking)
    if row is not None:
        direct.settle_directly(row, now=now)
    closed = row.stripe_checkout_session_id if row is not None else None
    checkout = close(row) if row is not None else None
    if row is not None and checkout is not None:
        record_checkout(transaction=row, checkout=checkout, now=now)
        if checkout.is_processing or checkout.is_open:
            return
    with exclusive():
        booking = bookings.lock_booking(booking)
        row = ledger.charge_of(booking)
        if row is not None and row.stripe_checkout_session_id != closed:
            return  # another tab opened a checkout meanwhile: the next round closes that
        # Even after it was paid: what came when the session was over is on its way back.
        if bookings.expire_hold(booking=booking, now=now) and row is not None:
            # Nobody ever saw the address of a checkout that isn't written down.
            ledger.move(transaction=row, to=Status.FAILED)
