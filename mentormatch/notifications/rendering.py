"""Writing a mail: from its row to its words, in the reader's language and zone."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from bookings import calendar, suggestions
from bookings.models import Booking
from mentormatch import times
from mentormatch.notifications import invitations
from mentormatch.notifications.models import Mail
from payments.models import Subscription
from sessions_app import room
from sessions_app.models import Session

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Written:
    """A mail's words, and its invitation with the METHOD it has (RFC 5546)."""

    subject: str
    text: str
    html: str
    invitation: str = ""
    method: str = ""


def write(mail: Mail) -> Written:
    """Render `templates/mail/<kind>.txt`, whose first line is the subject, and `.html`."""
    reader = mail.recipient
    language = reader.language if reader else mail.context.get("language") or "en"
    zone = times.zone(reader.time_zone if reader else "UTC")
    with translation.override(language), timezone.override(zone):
        context = _context(mail)
        first, _, body = render_to_string(f"mail/{mail.kind}.txt", context).strip().partition("\n")
        # Whatever a name holds, a subject is one line.
        subject = " ".join(first.split())[:SUBJECT_LENGTH]
        html = render_to_string(f"mail/{mail.kind}.html", {**context, "subject": subject})
        invitation = _invitation(mail, context)
    return Written(
        subject=subject,
        text=re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n",
        html=html,
        invitation=invitation,
        method=mail.context["method"] if invitation else "",
    )


def _context(mail: Mail) -> dict[str, Any]:
    stored = {key: _value(key, value) for key, value in mail.context.items()}
    context = stored | {"site": settings.SITE_URL, "mail": mail, "reader": mail.recipient}
    if "booking" in stored:
        context |= _about(mail, stored)
    if "subscription" in stored:
        context |= _about_subscription(mail, stored["subscription"])
    return context


def _value(key: str, value: Any) -> Any:
    return times.parse_instant(value) if key.endswith("_at") else value


def _about(mail: Mail, stored: dict[str, Any]) -> dict[str, Any]:
    booking = Booking.objects.with_people().get(code=stored["booking"])
    is_mentor = mail.recipient_id == booking.mentor.user_id
    session = Session.objects.filter(seats__booking=booking).first()
    about = {
        "booking": booking,
        "mentor": booking.mentor,
        "is_mentor": is_mentor,
        "other": (booking.mentee if is_mentor else booking.mentor.user).get_full_name(),
        "session": session,
        "room_url": room.url_of(session) if session else "",
    }
    if mail.kind == "booking_declined":
        about["nearest"] = _other_times(booking, stored["starts_at"])
    if mail.kind in {"booking_declined", "booking_lapsed"}:
        about["instead"] = suggestions.instead_of(booking, now=times.now())
    return about


def _about_subscription(mail: Mail, code: str) -> dict[str, Any]:
    subscriptions = Subscription.objects.select_related("plan", "mentor__user", "mentee")
    row = subscriptions.get(code=code)
    is_mentor = mail.recipient_id == row.mentor.user_id
    return {
        "subscription": row,
        "plan": row.plan,
        "is_mentor": is_mentor,
        "other": row.mentee.get_full_name() if is_mentor else row.mentor.name,
    }


def _other_times(booking: Booking, around: dt.datetime) -> list[Any]:
    """Three other times at which that mentor can be booked."""
    if not booking.mentor.is_listed:
        return []
    return calendar.nearest(
        booking.mentor,
        around=around,
        duration_minutes=booking.duration_minutes,
        session_type=booking.session_type,
        now=times.now(),
        viewer=booking.mentee,
    )


def _invitation(mail: Mail, context: dict[str, Any]) -> str:
    if not context.get("method"):
        return ""
    booking = context["booking"]
    group = booking.group_session
    # A group is one entry in its mentor's calendar, however many come.
    is_whole = group is not None and context["is_mentor"]
    return invitations.invitation(
        invitations.Event(
            code=group.code if is_whole else booking.code,
            sequence=context["sequence"],
            starts_at=context["starts_at"],
            ends_at=context["ends_at"],
            with_whom=context["other"],
            notes="" if is_whole else booking.notes,
            title=group.title if group else "",
            url=context["room_url"],
        ),
        method=context["method"],
        attendee=mail.to_address,
        stamped_at=mail.created_at,
    )
