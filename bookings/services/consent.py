"""What a mentee agreed to before paying: the rule of cancelling, for the instant it named."""

import datetime as dt
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bookings.models import Booking
from bookings.services.locking import exclusive, lock_booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden
from mentormatch.legal.services import find_page


def consent_given(*, free_cancellation_until: dt.datetime, now: dt.datetime) -> dict[str, Any]:
    """What is kept of a consent in a booking's `metadata`: when, to which instant, which terms."""
    until = times.format_instant(free_cancellation_until)
    return {"consent": {"free_cancellation_until": until} | terms_agreed(now)}


def terms_agreed(now: dt.datetime) -> dict[str, Any]:
    """When someone agreed to the terms, and to which: those that they could read just now."""
    terms = find_page(slug="terms", language=get_language())
    return {
        "at": times.format_instant(now),
        "terms": {"language": terms.language, "version": terms.version},
    }


def record_consent(*, booking: Booking, user: User, now: dt.datetime | None = None) -> Booking:
    """The mentee agrees to the rule, on the page where they pay. The first consent stays.

    `Forbidden` for anyone else; `Conflict` where there is nothing to pay (any more).
    """
    if booking.mentee_id != user.pk:
        raise Forbidden(_("Only the person who booked can pay."))
    now = now or times.now()
    with exclusive():
        booking = lock_booking(booking)
        if booking.consented_at:
            return booking
        if not booking.is_to_pay:
            raise Conflict(_("There is nothing to pay for this booking."))
        booking.metadata |= consent_given(
            free_cancellation_until=booking.free_cancellation_until, now=now
        )
        booking.save(update_fields=["metadata", "updated_at"])
    return booking
