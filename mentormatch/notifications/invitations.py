"""iCalendar invitations (RFC 5545), sent and called off by mail (RFC 5546, RFC 6047)."""

import datetime as dt
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, vCalAddress
from icalendar import Event as CalendarEvent

REQUEST, CANCEL = "REQUEST", "CANCEL"


@dataclass(frozen=True)
class Event:
    """A booking as it stands in one person's calendar; `title` where a group has one."""

    code: str
    sequence: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    with_whom: str
    notes: str
    url: str
    title: str = ""


def uid(code: str) -> str:
    """The same for as long as the booking lives: by it a calendar finds what it has."""
    return f"{code}@{urlsplit(settings.SITE_URL).hostname}"


def invitation(event: Event, *, method: str, attendee: str, stamped_at: dt.datetime) -> str:
    """The text of an invitation for one person, whose address is the only one in it.

    The organiser is the site itself: neither side learns the other's address.
    """
    entry = CalendarEvent()
    entry.add("uid", uid(event.code))
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", stamped_at.astimezone(dt.UTC))
    entry.add("dtstart", event.starts_at.astimezone(dt.UTC))
    entry.add("dtend", event.ends_at.astimezone(dt.UTC))
    entry.add("summary", event.title or _("Mentoring with %s") % event.with_whom)
    entry.add("description", "\n\n".join(filter(None, [event.notes, event.url])))
    entry.add("url", event.url)
    entry.add("location", event.url)
    entry.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    entry.add("organizer", _organizer())
    entry.add("attendee", _attendee(attendee))
    made = Calendar()
    made.add("prodid", "-//MentorMatch//mentormatch//EN")
    made.add("version", "2.0")
    made.add("method", method)
    made.add_component(entry)
    return str(made.to_ical(), "utf-8")


def _organizer() -> vCalAddress:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    made = vCalAddress(f"mailto:{address}")
    made.params["CN"] = name or "MentorMatch"
    return made


def _attendee(address: str) -> vCalAddress:
    made = vCalAddress(f"mailto:{address}")
    made.params["ROLE"] = "REQ-PARTICIPANT"
    made.params["PARTSTAT"] = "ACCEPTED"
    # It is booked already: no answer is waited for.
    made.params["RSVP"] = "FALSE"
    return made
