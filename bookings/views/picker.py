"""The slot picker: a week of a mentor's free times as links, for `bookings/_slot_list.html`.

The profile page links each time to its booking page; the page that moves a booking links it to
itself. Both give `slot_picker` the words of the address and get back what the template shows.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TypedDict
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from bookings import calendar, policy
from bookings.models import Booking
from bookings.slots import Slot
from bookings.wallclock import MINUTES_A_DAY, local_day, spans
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.mentors.models import MentorProfile
from mentormatch.ui.templatetags.mentormatch import abbreviation

WEEK = 7
SPANS = (1, WEEK, 31)  # days at once; an address may ask for any number between
# A day of more times than this is folded into parts of six hours.
LONG_DAY = 24
PART_HOURS = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """One free time: where it leads, `18:00`, and its offset (`CEST`, `GMT+05:45`)."""

    slot: Slot
    url: str
    time: str
    offset: str


@dataclass(frozen=True, slots=True)
class Part:
    """Six hours of a long day; the soonest of the week stands open."""

    start: str
    end: str
    choices: list[Choice]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day's times; a long one has them in `parts` as well."""

    date: dt.date
    choices: list[Choice]
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Span:
    """So many days at once."""

    days: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Picker:
    """What `bookings/_slot_list.html` shows. `earlier_url`, `later_url` are empty at the ends."""

    days: list[Day]
    first_day: dt.date
    last_day: dt.date
    zone: str
    mentor_zone: str
    duration_minutes: int
    price_minor: int
    currency: str
    earlier_url: str
    later_url: str
    nearest: Choice | None  # where these days are empty: another free time, and its week
    nearest_url: str
    spans: list[Span]


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind and length that can be chosen, and what it costs."""

    session_type: str
    duration_minutes: int
    price_minor: int
    is_payable: bool
    url: str = ""
    is_chosen: bool = False

    @property
    def is_trial(self) -> bool:
        return self.session_type == Booking.Type.TRIAL


def offers(mentor: MentorProfile, request: HttpRequest, *, had_trial: bool) -> list[Offer]:
    """Every kind and length that the viewer can have of a mentor.

    One is chosen, by the address or the first. Who had their trial isn't offered another.
    """
    kinds = [Booking.Type.ONE_ON_ONE] + [Booking.Type.TRIAL] * (not had_trial)
    made = [
        (kind.value, minutes)
        for kind in kinds
        for minutes in calendar.lengths_offered(mentor, kind)
    ]
    asked = (request.GET.get("session_type", kinds[0]), request.GET.get("duration_minutes", ""))
    chosen = next((m for m in made if (m[0], str(m[1])) == asked), None)
    chosen = chosen or next((m for m in made if m[0] == asked[0]), made[0] if made else None)
    return [
        Offer(
            session_type=kind,
            duration_minutes=minutes,
            price_minor=policy.price_of(mentor, kind, minutes).amount_minor,
            is_payable=calendar.is_payable(mentor, kind, minutes),
            url=_address(request, session_type=kind, duration_minutes=minutes),
            is_chosen=(kind, minutes) == chosen,
        )
        for kind, minutes in made
    ]


class _Wanted(TypedDict):
    duration_minutes: int
    session_type: str
    now: dt.datetime
    viewer: User | None
    ignoring: Booking | None


def slot_picker(
    mentor: MentorProfile,
    request: HttpRequest,
    *,
    session_type: str,
    duration_minutes: int,
    link: Callable[[Slot], str],
    price_minor: int | None = None,
    ignoring: Booking | None = None,
) -> Picker:
    """The `?days=` (7) from `?from=YYYY-MM-DD` on (the viewer's; today where it makes no sense).

    `link` gives a time's address. `price_minor` is what to show where it isn't the list price,
    and `ignoring` the booking that is to be moved.
    """
    now, zone = times.now(), times.zone(timezone.get_current_timezone_name())
    today, last = local_day(now, zone), local_day(now + mentor.horizon, zone)
    first = min(max(_asked_day(request) or today, today), last)
    length = _asked_days(request)
    until = first + dt.timedelta(days=length)
    wanted = _wanted(request, session_type, duration_minutes, ignoring, now)
    start, end = _midnight(first, zone), _midnight(until, zone)
    found = calendar.offered(mentor, start=start, end=end, **wanted)
    nearest = [] if found else calendar.nearest(mentor, around=end, count=1, **wanted)
    if price_minor is None:
        price_minor = policy.price_of(mentor, session_type, duration_minutes).amount_minor
    choices = [_choice(slot, link(slot), zone) for slot in found or nearest]

    def week(day: dt.date) -> str:
        return _address(request, **{"from": day.isoformat()})

    earlier = max(first - dt.timedelta(days=length), today)
    return Picker(
        days=list(_by_day(choices, zone)) if found else [],
        first_day=first,
        last_day=until - dt.timedelta(days=1),
        zone=str(zone),
        mentor_zone=mentor.time_zone,
        duration_minutes=duration_minutes,
        price_minor=price_minor,
        currency=mentor.currency,
        earlier_url=week(earlier) if first > today else "",
        later_url=week(until) if until <= last else "",
        nearest=choices[0] if nearest else None,
        nearest_url=week(local_day(nearest[0].starts_at, zone)) if nearest else "",
        spans=[Span(days, _address(request, days=days), days == length) for days in SPANS],
    )


def _wanted(
    request: HttpRequest,
    session_type: str,
    duration_minutes: int,
    ignoring: Booking | None,
    now: dt.datetime,
) -> _Wanted:
    """What is looked for, by whoever looks."""
    return _Wanted(
        duration_minutes=duration_minutes,
        session_type=session_type,
        now=now,
        viewer=request.user if isinstance(request.user, User) else None,
        ignoring=ignoring,
    )


def _by_day(choices: list[Choice], zone: dt.tzinfo) -> Iterator[Day]:
    for day, of_day in groupby(choices, lambda c: c.slot.starts_at.astimezone(zone).date()):
        times_of_day = list(of_day)
        is_long = len(times_of_day) > LONG_DAY
        parts = _in_parts(times_of_day, zone, choices[0]) if is_long else ()
        yield Day(day, times_of_day, list(parts))


def _in_parts(of_day: list[Choice], zone: dt.tzinfo, soonest: Choice) -> Iterator[Part]:
    def part(choice: Choice) -> int:
        return choice.slot.starts_at.astimezone(zone).hour // PART_HOURS

    for number, found in groupby(of_day, part):
        hour, choices = number * PART_HOURS, list(found)
        yield Part(
            f"{hour:02}:00", f"{hour + PART_HOURS:02}:00", choices, is_open=choices[0] is soonest
        )


def _address(request: HttpRequest, **changes: object) -> str:
    """This page with some words of its address changed."""
    kept: Mapping[str, object] = {
        name: request.GET[name]
        for name in ("session_type", "duration_minutes", "from", "days")
        if name in request.GET
    }
    return f"{request.path}?{urlencode({**kept, **changes})}#slots"


def _asked_day(request: HttpRequest) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return None


def _asked_days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    is_number = len(asked) <= 2 and asked.isascii() and asked.isdecimal()
    return min(max(int(asked), SPANS[0]), SPANS[-1]) if is_number else WEEK


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The first instant of that day."""
    whole_day = spans(day, 0, MINUTES_A_DAY, zone)
    return whole_day[0][0] if whole_day else _midnight(day + dt.timedelta(days=1), zone)


def _choice(slot: Slot, url: str, zone: ZoneInfo) -> Choice:
    local = slot.starts_at.astimezone(zone)
    return Choice(slot, url, f"{local.hour:02}:{local.minute:02}", abbreviation(local))
