"""Tips: thanks in money for a session that took place, paid at Stripe and passed on whole."""

import datetime as dt

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bookings import services as bookings
from bookings.models import Booking
from bookings.policy import Price
from bookings.services.locking import exclusive
from mentormatch import money, times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from payments.models import Tip, Transaction
from payments.services import checkout, ledger
from payments.services.sales import sale_of

Status = Transaction.Status
# In minor units of whatever currency: 1.00 to 500.00, or where there are none ¥100 to ¥50,000.
LEAST_MINOR, MOST_MINOR = 100, 50_000


def check_may_tip(*, booking: Booking, user: User) -> None:
    """Raise what `give_tip` would, before anyone has typed an amount."""
    if booking.mentee_id != user.pk:
        if booking.mentor.user_id == user.pk:
            raise Forbidden(_("A tip is the mentee's to give."))
        raise NotFound
    if booking.status != Booking.Status.COMPLETED:
        raise Conflict(_("You can give a tip once the session is over."))
    takes = booking.mentor.is_payable and booking.mentor.user.is_active
    if not takes or booking.currency not in settings.SETTLEMENT_CURRENCIES:
        raise Conflict(
            _("This mentor can't be paid at the moment. Try again later."), code="not_payable"
        )


def may_tip(booking: Booking, user: User) -> bool:
    """Whether that person can give a tip for it now."""
    try:
        check_may_tip(booking=booking, user=user)
    except DomainError:
        return False
    return True


def give_tip(
    *,
    booking: Booking,
    user: User,
    amount_minor: int,
    currency: str = "",
    message: str = "",
    now: dt.datetime | None = None,
) -> Transaction:
    """The tip's charge with `checkout_url`; the open one again if repeated.

    Another amount or note closes the checkout that was open before. `InvalidInput` for an amount
    out of bounds or another currency than the session's; `Forbidden` for the mentor, `Conflict`
    before the session is completed, where the mentor can't be paid, or where the tip that was
    open has just been paid; `StripeError` where Stripe can't be asked: trying again is safe.
    """
    now, message = now or times.now(), message.strip()
    check_may_tip(booking=booking, user=user)
    _check_input(booking, amount_minor, currency, message)
    _close_others(booking, amount_minor, message, now)
    return checkout.checkout_of(_charge_to_pay(booking, amount_minor, message, now), now=now)


def _check_input(booking: Booking, amount_minor: int, currency: str, message: str) -> None:
    if amount_minor < LEAST_MINOR:
        smallest = _("The smallest tip is %(amount)s.")
        raise InvalidInput(smallest % _named(LEAST_MINOR, booking), field="amount")
    if amount_minor > MOST_MINOR:
        largest = _("The largest tip is %(amount)s.")
        raise InvalidInput(largest % _named(MOST_MINOR, booking), field="amount")
    if currency and currency.lower() != booking.currency:
        raise InvalidInput(
            _("A tip is given in the currency of its session: %(currency)s.")
            % {"currency": booking.currency.upper()},
            field="currency",
        )
    if len(message) > Tip.MESSAGE_LENGTH:
        raise InvalidInput(_("Keep it within %d characters.") % Tip.MESSAGE_LENGTH, field="message")


def _named(amount_minor: int, booking: Booking) -> dict[str, str]:
    amount = money.to_major(amount_minor, booking.currency)
    return {"amount": f"{amount} {booking.currency.upper()}"}


def _open_charges(booking: Booking, now: dt.datetime) -> QuerySet[Transaction]:
    """Charges of tips for that session whose checkout is open, or is still to be opened."""
    was_declined = Q(status=Status.FAILED, checkout_expires_at__gt=now)
    rows = Transaction.objects.filter(
        Q(status=Status.PENDING) | (was_declined & ~Q(checkout_url="")),
        type=Transaction.Type.TIP,
        tip__booking=booking,
    )
    return rows.select_related("tip", "mentor__user", "mentee").order_by("pk")


def _is(row: Transaction, amount_minor: int, message: str, now: dt.datetime) -> bool:
    """Whether that is the same tip, and can be paid still."""
    same = row.tip is not None and (row.amount_minor, row.tip.message) == (amount_minor, message)
    return same and row.checkout_expires_at is not None and row.checkout_expires_at > now


def _close_others(booking: Booking, amount_minor: int, message: str, now: dt.datetime) -> None:
    for row in _open_charges(booking, now):
        if _is(row, amount_minor, message, now):
            continue
        if checkout.let_go(row, now=now).status in Transaction.PAID:
            raise Conflict(_("Your tip has just arrived. Thank you!"), code="already_paid")


def _charge_to_pay(
    booking: Booking, amount_minor: int, message: str, now: dt.datetime
) -> Transaction:
    """The row to open a checkout for, made if it is missing."""
    with exclusive():
        # Of two clicks the second finds the tip of the first.
        booking = bookings.lock_booking(booking)
        for row in _open_charges(booking, now):
            if _is(row, amount_minor, message, now):
                return row
        tip = Tip.objects.create(
            booking=booking,
            mentor=booking.mentor,
            mentee=booking.mentee,
            amount_minor=amount_minor,
            currency=booking.currency,
            message=message,
            created_at=now,
        )
        price = Price(amount_minor, 0, booking.currency)
        row = ledger.open_charge_of(tip, price=price, now=now)
        ledger.note(transaction=row, checkout_expires_at=sale_of(row).closes_at(row, now))
    return row


def settle_tip(*, tip: Tip, now: dt.datetime | None = None) -> Transaction:
    """Ask Stripe whether the tip was paid, and do what follows; gives its charge as it is then."""
    row = ledger.charge_of(tip)
    if row is None:
        raise NotFound
    return checkout.settle_charge(row, now=now)
