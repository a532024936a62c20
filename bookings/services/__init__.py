"""Everything that changes a booking: each verb locks, checks again, writes, and tells it upward."""

from bookings.services.absences import (
    dismiss_absence,
    object_to_absence,
    report_absence,
    uphold_absence,
)
from bookings.services.booking import (
    book_slot,
    check_slot,
    complete_booking,
    confirm_booking,
    extend_hold,
)
from bookings.services.cancellation import cancel_booking, expire_hold
from bookings.services.consent import record_consent
from bookings.services.locking import lock_booking, lock_bookings
from bookings.services.requests import (
    accept_booking,
    ask_mentor,
    check_may_answer,
    decline_booking,
    end_request,
    end_too_late,
    lapse_requests,
)
from bookings.services.rescheduling import check_may_reschedule, reschedule_booking

__all__ = [
    "accept_booking",
    "ask_mentor",
    "book_slot",
    "cancel_booking",
    "check_may_answer",
    "check_may_reschedule",
    "check_slot",
    "complete_booking",
    "confirm_booking",
    "decline_booking",
    "dismiss_absence",
    "end_request",
    "end_too_late",
    "expire_hold",
    "extend_hold",
    "lapse_requests",
    "lock_booking",
    "lock_bookings",
    "object_to_absence",
    "record_consent",
    "report_absence",
    "reschedule_booking",
    "uphold_absence",
]
