"""Page, API, booking, mails and invitations name the same instant, whatever the clocks do."""

import datetime as dt
import re
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse
from icalendar import Calendar

from bookings.models import Booking
from tests import factories

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
ASKED = {"session_type": "trial", "duration_minutes": "30"}
LINK = re.compile(r'href="(/mentors/[^"]*/book/\?[^"]*starts_at=[^"]*)"')
HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')
CLOCK = r"(\d\d:\d\d(?: GMT[+-]\d\d:\d\d)?)"
WHEN = re.compile(
    rf'when-day">([^<]*)</span>\s*<span class="when-time">{CLOCK}–.*?</span>\s*'
    r'<span class="when-zone">([^<]*)</span>',
    re.DOTALL,
)
FOR_THE_OTHER = re.compile(rf'when-zone">For [^:]*: {CLOCK}(?: on ([^<]*))?, ([^<,]*)</span>')
IN_MAIL = re.compile(rf"^When: (.*), {CLOCK} to .* \((.*) time\)$", re.MULTILINE)


def utc(*args):
    return dt.datetime(*args, tzinfo=dt.UTC)


# What the clock does, the zones of mentor and mentee, and an instant to meet.
CASES = {
    "a plain day": ("Asia/Kathmandu", "America/New_York", utc(2026, 7, 1, 13, 15)),
    "right after a gap": ("Europe/Berlin", "America/Toronto", utc(2026, 3, 29, 1)),
    "right before a gap": ("America/Toronto", "Europe/Berlin", utc(2026, 3, 29, 0, 30)),
    "the first of two": ("Europe/Berlin", "Europe/Berlin", utc(2026, 10, 25, 0, 30)),
    "the second of two": ("Europe/Berlin", "Europe/Berlin", utc(2026, 10, 25, 1, 30)),
    "two of half an hour, for the mentee": (
        "UTC", "Australia/Lord_Howe", utc(2026, 4, 4, 15),
    ),
    "right after a midnight that isn't": ("Asia/Beirut", "Asia/Tokyo", utc(2026, 3, 28, 22)),
    "a midnight that occurs twice": ("America/Havana", "America/Havana", utc(2026, 11, 1, 5)),
}  # fmt: skip


def instant_of(day, clock, zone_name):
    """What someone reads, as an instant: fails where it could be two, or doesn't exist."""
    time, _, offset = clock.partition(" GMT")
    wall = dt.datetime.strptime(f"{day} {time}", "%A, %d %B %Y %H:%M")  # noqa: DTZ007  # it has none
    zone = ZoneInfo(unescape(zone_name).replace(" ", "_"))
    readings = {wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
    fitting = {
        instant
        for instant in readings
        if not offset or instant.astimezone(zone).isoformat().endswith(offset)
    }
    (instant,) = fitting
    return instant


def offered_on_page(client, mentor, day):
    """The links to book, by the instant in them."""
    address = reverse("mentors:detail", args=[mentor.slug])
    page = client.get(address, ASKED | {"from": day.isoformat()}).text
    links = {}
    for link in map(unescape, LINK.findall(page)):
        starts_at = re.search(r"starts_at=([^&]*)", link)[1].replace("%3A", ":")
        links[dt.datetime.fromisoformat(starts_at)] = link
    return links


def offered_by_api(client, mentor, first, last):
    query = ASKED | {"from": first.isoformat(), "to": (last + dt.timedelta(minutes=1)).isoformat()}
    items = client.get(f"/api/v1/mentors/{mentor.pk}/slots", query).json()["items"]
    return [dt.datetime.fromisoformat(item["starts_at"]) for item in items]


def book(client, link):
    typed = {name: unescape(value) for name, value in HIDDEN.findall(client.get(link).text)}
    assert client.post(link, typed).status_code == 302
    return Booking.objects.select_related("mentor__user", "mentee").get()


def read_on_page(client, booking):
    """What the booking's page says to one side: for themselves and for the other."""
    page = client.get(reverse("bookings:detail", args=[booking.code])).text
    day, clock, zone = WHEN.search(page).groups()
    said = [instant_of(day, clock, zone)]
    for other_clock, other_day, other_zone in FOR_THE_OTHER.findall(page):
        said.append(instant_of(other_day or day, other_clock, other_zone))
    return said


def read_in_mail(message):
    """What the text says, in which zone, and what the invitation says."""
    day, clock, zone = IN_MAIL.search(message.body).groups()
    invitation = next(
        part.get_payload(decode=True)
        for part in message.message().walk()
        if part.get_content_type() == "text/calendar"
    )
    (event,) = Calendar.from_ical(invitation).walk("VEVENT")
    return instant_of(day, clock, zone), zone.replace(" ", "_"), event["DTSTART"].dt


@pytest.mark.parametrize("case", CASES)
def test_everyone_reads_the_same_instant(freeze, login, api, run_tasks, case):
    mentor_zone, mentee_zone, instant = CASES[case]
    freeze(instant - 2 * DAY)
    mentor = factories.MentorFactory(user__time_zone=mentor_zone, time_zone=mentor_zone)
    factories.open_every_day(mentor, always=True)
    mentee = factories.UserFactory(time_zone=mentee_zone)
    client = login(mentee)

    links = offered_on_page(client, mentor, instant.astimezone(ZoneInfo(mentee_zone)).date())
    assert offered_by_api(api(mentee), mentor, min(links), max(links)) == sorted(links)
    booking = book(client, links[instant])
    assert booking.starts_at == instant

    zones = {mentee: mentee_zone, mentor.user: mentor_zone}
    for person in zones:
        said = read_on_page(login(person), booking)
        assert said == [instant] * len(set(zones.values()))
        detail = api(person).get(f"/api/v1/bookings/{booking.code}").json()
        assert dt.datetime.fromisoformat(detail["scheduled_at"]) == instant
    run_tasks()
    letters = {message.to[0]: read_in_mail(message) for message in mail.outbox}
    assert letters == {person.email: (instant, zone, instant) for person, zone in zones.items()}


def test_a_time_that_could_be_two_is_noticed():
    with pytest.raises(ValueError, match="too many values"):
        instant_of("Sunday, 25 October 2026", "02:30", "Europe/Berlin")
    read = instant_of("Sunday, 25 October 2026", "02:30 GMT+01:00", "Europe/Berlin")
    assert read == CASES["the second of two"][2]
    with pytest.raises(ValueError, match="too many values"):
        instant_of("Sunday, 29 March 2026", "02:30", "Europe/Berlin")
