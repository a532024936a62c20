import datetime as dt

import pytest
from icalendar import Calendar

from mentormatch.notifications.invitations import CANCEL, REQUEST, Event, invitation

START = dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)  # Berlin's second 02:30
EVENT = Event(
    code="abc",
    sequence=2,
    starts_at=START,
    ends_at=START + dt.timedelta(hours=1),
    with_whom="Zoë; Łukasiewicz, Ph.D.",
    notes="One\nTwo; three, four\\five\r\nATTENDEE:mailto:evil@example.org" + "ü" * 100,
    url="http://localhost:8000/sessions/xyz/",
)


def made(method=REQUEST):
    return invitation(EVENT, method=method, attendee="me@example.org", stamped_at=START)


def parsed(method=REQUEST):
    calendar = Calendar.from_ical(made(method))
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_it_says_what_when_and_who():
    calendar, event = parsed()
    assert (calendar["METHOD"], event["STATUS"]) == ("REQUEST", "CONFIRMED")
    assert (event["UID"], event["SEQUENCE"]) == ("abc@localhost", 2)
    assert event["SUMMARY"] == "Mentoring with Zoë; Łukasiewicz, Ph.D."
    assert event["ORGANIZER"] == "mailto:mail@localhost"
    assert event["ATTENDEE"] == "mailto:me@example.org"


def test_times_are_utc():
    text = made()
    assert "DTSTART:20261025T013000Z" in text
    assert "DTEND:20261025T023000Z" in text
    assert "TZID" not in text


def test_what_people_wrote_stays_in_its_place():
    _, event = parsed()
    assert event["DESCRIPTION"].startswith("One\nTwo; three, four\\five\n")
    assert len([line for line in made().splitlines() if line.startswith("ATTENDEE")]) == 1


def test_lines_are_folded_at_75_octets():
    assert max(len(line.encode()) for line in made().split("\r\n")) <= 75


@pytest.mark.parametrize("method, status", [(REQUEST, "CONFIRMED"), (CANCEL, "CANCELLED")])
def test_a_cancellation_is_of_the_same_event(method, status):
    calendar, event = parsed(method)
    assert (calendar["METHOD"], event["STATUS"], event["UID"]) == (method, status, "abc@localhost")
