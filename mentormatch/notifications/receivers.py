"""Which fact sends which mail to whom. What a mail says is in `templates/mail/`."""

from typing import Any

from django.dispatch import receiver

from bookings import signals as bookings
from bookings.absence_models import Absence
from bookings.group_models import GroupSession
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.mentors import signals as mentors
from mentormatch.mentors.models import MentorProfile
from mentormatch.notifications.invitations import CANCEL, REQUEST
from mentormatch.notifications.models import Mail
from mentormatch.notifications.services import queue_mail
from payments import signals as payments
from payments.models import Dispute, PaymentAccount, Payout, Reversal, Transaction
from sessions_app.models import Session
from sessions_app.signals import session_completed

Code = Booking.CancellationCode
Side = Booking.Side
# Ways for a booking to end without having been one: the mentee alone is told.
UNMADE = {
    Code.EXPIRED: "booking_expired",
    Code.DECLINED: "booking_declined",
    Code.LAPSED: "booking_lapsed",
}


def _person(booking: Booking, side: str) -> User:
    return booking.mentor.user if side == Side.MENTOR else booking.mentee


def _key(kind: str, booking: Booking, side: str, occasion: object = "") -> str:
    return ":".join(filter(None, [kind, booking.code, str(occasion), side]))


def _tell(kind: str, booking: Booking, *sides: str, occasion: object = "", **context: Any) -> None:
    """Queue that mail for each of those sides, once for each occasion."""
    for side in sides:
        queue_mail(
            kind=kind,
            recipient=_person(booking, side),
            dedupe_key=_key(kind, booking, side, occasion),
            context=_snapshot(booking) | context,
        )


def _snapshot(booking: Booking) -> dict[str, Any]:
    """The booking as it is now: by the time the mail is written it may have moved on."""
    return {
        "booking": booking.code,
        "starts_at": times.format_instant(booking.starts_at),
        "ends_at": times.format_instant(booking.ends_at),
        "sequence": booking.sequence,
    }


@receiver(bookings.booking_requested, dispatch_uid="notifications.requested")
def requested(sender: object, *, booking: Booking, **kwargs: Any) -> None:
    until = booking.answer_by_at
    about = {"answer_by_at": times.format_instant(until)} if until else {}
    _tell("booking_requested", booking, Side.MENTOR, **about)


@receiver(bookings.booking_confirmed, dispatch_uid="notifications.confirmed")
def confirmed(sender: object, *, booking: Booking, **kwargs: Any) -> None:
    _tell("booking_confirmed", booking, Side.MENTEE, Side.MENTOR, method=REQUEST)


@receiver(bookings.booking_rescheduled, dispatch_uid="notifications.rescheduled")
def rescheduled(
    sender: object, *, booking: Booking, previous_start: Any, by: str, **kwargs: Any
) -> None:
    was = times.format_instant(previous_start)
    _tell(
        "booking_rescheduled",
        booking,
        Side.MENTEE,
        Side.MENTOR,
        occasion=booking.sequence,
        previous_start_at=was,
        by=str(by),
        method=REQUEST,
    )


@receiver(bookings.booking_cancelled, dispatch_uid="notifications.cancelled")
def cancelled(
    sender: object, *, booking: Booking, refund_minor: int, was_confirmed: bool, **kwargs: Any
) -> None:
    unmade = UNMADE.get(Code(booking.cancellation_code))
    if unmade and not was_confirmed:
        _tell(unmade, booking, Side.MENTEE)
        return
    called_off: dict[str, Any] = {"refund_minor": refund_minor, "was_confirmed": was_confirmed}
    if was_confirmed:
        # A calendar believes a cancellation only if its SEQUENCE is newer (RFC 5546, 2.1.4).
        called_off |= {"method": CANCEL, "sequence": booking.sequence + 1}
    if booking.group_session is not None:
        _tell_of_seat(booking, booking.group_session, called_off)
        return
    _tell("booking_cancelled", booking, *_who_knew(booking, was_confirmed), **called_off)


def _tell_of_seat(booking: Booking, group: GroupSession, called_off: dict[str, Any]) -> None:
    """One seat leaves the mentor's calendar as it is; the whole is told to them once."""
    kind, knew = "booking_cancelled", _who_knew(booking, called_off["was_confirmed"])
    _tell(kind, booking, *(side for side in knew if side == Side.MENTEE), **called_off)
    if Side.MENTOR not in knew:
        return
    if group.is_on:
        _tell(kind, booking, Side.MENTOR, **called_off | {"method": ""})
        return
    queue_mail(
        kind=kind,
        recipient=booking.mentor.user,
        dedupe_key=f"{kind}:{group.code}:{Side.MENTOR}",
        context=_snapshot(booking) | called_off | {"is_whole": True},
    )


def _who_knew(booking: Booking, was_confirmed: bool) -> list[str]:
    """Both, once it was confirmed. Before that: the other side, if it had heard of it."""
    if was_confirmed:
        return [Side.MENTEE, Side.MENTOR]
    request = _key("booking_requested", booking, Side.MENTOR)
    asked = Mail.objects.filter(dedupe_key=request).exists()
    knew = [Side.MENTEE, Side.MENTOR] if asked else [Side.MENTEE]
    return [side for side in knew if side != booking.cancelled_by]


@receiver(bookings.absence_reported, dispatch_uid="notifications.absence_reported")
def said_to_be_absent(sender: object, *, absence: Absence, **kwargs: Any) -> None:
    until = times.format_instant(absence.object_until)
    words = {"note": absence.note, "object_until_at": until}
    _tell("absence_reported", absence.booking, absence.absent_side, **words)


@receiver(bookings.absence_decided, dispatch_uid="notifications.absence_decided")
def absence_decided(sender: object, *, absence: Absence, **kwargs: Any) -> None:
    facts = {"outcome": absence.outcome, "absent_side": absence.absent_side}
    _tell(
        "absence_decided",
        absence.booking,
        Side.MENTEE,
        Side.MENTOR,
        reason=absence.reason,
        **facts,
    )


@receiver(session_completed, dispatch_uid="notifications.session_completed")
def ask_for_a_review(sender: object, *, session: Session, **kwargs: Any) -> None:
    seated = Booking.objects.with_people().filter(seat__session=session)
    for booking in seated.exclude(status=Booking.Status.CANCELLED):
        _tell("review_invitation", booking, Side.MENTEE)


def _tell_of_money(kind: str, row: Transaction, side: str) -> None:
    booking = row.session_booking
    if booking is None:
        return
    facts = {
        "amount_minor": row.amount_minor,
        "net_minor": row.net_minor,
        "currency": row.currency,
        "message": row.tip.message if row.tip else "",
        "is_tip": row.tip is not None,
    }
    _tell(kind, booking, side, occasion=row.code, **facts)


@receiver(payments.payment_received, dispatch_uid="notifications.payment_received")
def paid(sender: object, *, transaction: Transaction, **kwargs: Any) -> None:
    if transaction.tip is None:
        _tell_of_money("payment_received", transaction, Side.MENTEE)
        return
    _tell_of_money("tip_thanks", transaction, Side.MENTEE)
    _tell_of_money("tip_received", transaction, Side.MENTOR)


@receiver(payments.payment_failed, dispatch_uid="notifications.payment_failed")
def payment_failed(sender: object, *, transaction: Transaction, **kwargs: Any) -> None:
    if transaction.tip is None:  # whoever gives one sees it on Stripe's page
        _tell_of_money("payment_failed", transaction, Side.MENTEE)


@receiver(payments.refund_made, dispatch_uid="notifications.refund_made")
def refunded(sender: object, *, transaction: Transaction, **kwargs: Any) -> None:
    _tell_of_money("refund_made", transaction, Side.MENTEE)


@receiver(payments.transfer_made, dispatch_uid="notifications.transfer_made")
def transferred(sender: object, *, transaction: Transaction, **kwargs: Any) -> None:
    if transaction.tip is None:  # told when it was paid
        _tell_of_money("transfer_made", transaction, Side.MENTOR)


@receiver(payments.transfer_reversed, dispatch_uid="notifications.transfer_reversed")
def taken_back(sender: object, *, reversal: Reversal, **kwargs: Any) -> None:
    """Of a refund. A dispute has mails of its own, and what staff do at Stripe they explain."""
    booking = reversal.payout.session_booking
    if reversal.refund is not None and booking is not None:
        facts = {"amount_minor": reversal.amount_minor, "currency": reversal.currency}
        reason = reversal.reason
        _tell(
            "transfer_reversed",
            booking,
            Side.MENTOR,
            occasion=reversal.code,
            reason=reason,
            **facts,
        )


def _tell_of_profile(kind: str, mentor: MentorProfile) -> None:
    queue_mail(
        kind=kind,
        recipient=mentor.user,
        dedupe_key=f"{kind}:{mentor.pk}:{mentor.updated_at.isoformat()}",
        context={"reason": mentor.status_reason},
    )


@receiver(mentors.mentor_listed, dispatch_uid="notifications.mentor_listed")
def listed(sender: object, *, mentor: MentorProfile, **kwargs: Any) -> None:
    _tell_of_profile("mentor_listed", mentor)


@receiver(mentors.mentor_sent_back, dispatch_uid="notifications.mentor_sent_back")
def sent_back(sender: object, *, mentor: MentorProfile, **kwargs: Any) -> None:
    _tell_of_profile("mentor_sent_back", mentor)


@receiver(mentors.mentor_suspended, dispatch_uid="notifications.mentor_suspended")
def suspended(sender: object, *, mentor: MentorProfile, **kwargs: Any) -> None:
    _tell_of_profile("mentor_suspended", mentor)


@receiver(payments.dispute_opened, dispatch_uid="notifications.dispute_opened")
def disputed(sender: object, *, dispute: Dispute, **kwargs: Any) -> None:
    _tell_of_dispute("dispute_opened", dispute)


@receiver(payments.dispute_closed, dispatch_uid="notifications.dispute_closed")
def dispute_decided(sender: object, *, dispute: Dispute, **kwargs: Any) -> None:
    _tell_of_dispute("dispute_closed", dispute, is_won=dispute.status == Dispute.Status.WON)


@receiver(payments.inquiry_opened, dispatch_uid="notifications.inquiry_opened")
def asked_about(sender: object, *, dispute: Dispute, **kwargs: Any) -> None:
    _tell_of_dispute("inquiry_opened", dispute)


@receiver(payments.inquiry_closed, dispatch_uid="notifications.inquiry_closed")
def asked_no_more(sender: object, *, dispute: Dispute, **kwargs: Any) -> None:
    _tell_of_dispute("inquiry_closed", dispute)


def _tell_of_dispute(kind: str, dispute: Dispute, **context: Any) -> None:
    """The mentor, whose money it is; of a tip or a subscription too."""
    charge = dispute.charge
    booking = charge.booking or (charge.tip and charge.tip.booking)
    queue_mail(
        kind=kind,
        recipient=charge.mentor.user,
        dedupe_key=f"{kind}:{dispute.code}",
        context={
            **(_snapshot(booking) if booking else {}),
            "amount_minor": dispute.amount_minor,
            "currency": dispute.currency,
            **context,
        },
    )


@receiver(payments.payout_failed, dispatch_uid="notifications.payout_failed")
def payout_failed(sender: object, *, payout: Payout, **kwargs: Any) -> None:
    queue_mail(
        kind="mentor_payout_failed",
        recipient=payout.mentor.user,
        dedupe_key=f"mentor_payout_failed:{payout.code}",
        context={
            "amount_minor": payout.amount_minor,
            "currency": payout.currency,
            "failure_code": payout.failure_code,
        },
    )


@receiver(payments.account_restricted, dispatch_uid="notifications.account_restricted")
def restricted(sender: object, *, account: PaymentAccount, **kwargs: Any) -> None:
    due = {"due": account.requirements_due, "can_be_paid": account.can_be_paid}
    _tell_of_account("mentor_restricted", account, due)


@receiver(payments.account_disconnected, dispatch_uid="notifications.account_disconnected")
def disconnected(sender: object, *, account: PaymentAccount, **kwargs: Any) -> None:
    _tell_of_account("mentor_disconnected", account, {})


def _tell_of_account(kind: str, account: PaymentAccount, context: dict[str, Any]) -> None:
    """Once for each time that it happens."""
    queue_mail(
        kind=kind,
        recipient=account.mentor.user,
        dedupe_key=f"{kind}:{account.pk}:{times.format_instant(times.now())}",
        context=context,
    )
