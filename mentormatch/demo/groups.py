"""The demo's group sessions: there is always one to come, with seats that are free."""

import datetime as dt
from dataclasses import dataclass

from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.services.groups import offer_group_session
from bookings.services.seats import book_seat
from bookings.wallclock import instants, local_day
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.demo import people
from mentormatch.demo.people import Person
from mentormatch.errors import Conflict
from mentormatch.mentors.models import MentorProfile

SOON = dt.timedelta(days=1)
DAYS_TRIED = 5


@dataclass(frozen=True)
class Offer:
    """In the evening, so that opening hours stay free; `guests` have a seat already."""

    mentor: Person
    title: str
    description: str
    in_days: int
    hour: int
    seats: int
    price_minor: int
    minutes: int = 90
    guests: tuple[Person, ...] = ()


OFFERS = (
    Offer(
        people.MENTOR.person,
        "Read a query plan together",
        "Bring a query that is too slow for you. We read its plan line by line, find what the "
        "database really does, and try what helps. For everyone who writes SQL now and then; "
        "nothing to install.",
        in_days=6,
        hour=18,
        seats=8,
        price_minor=1500,
        guests=(people.SAM, people.LEA),
    ),
    Offer(
        people.MENTOR3.person,
        "Ask me anything about your first year",
        "An open hour for people who have just begun. Bring one question; we go round until "
        "everyone has had an answer.",
        in_days=8,
        hour=17,
        seats=12,
        price_minor=0,
        minutes=60,
        guests=(people.AISHA,),
    ),
)


def add_groups() -> list[Booking]:
    """Offer what isn't offered any more; gives the seats in it that are still to be paid."""
    to_pay: list[Booking] = []
    for offer in OFFERS:
        mentor = MentorProfile.objects.select_related("user").get(user__email=offer.mentor.email)
        ahead = GroupSession.objects.bookable(times.now() + SOON).filter(mentor=mentor)
        if (mentor.sells or not offer.price_minor) and not ahead.exists():
            group = _offer(mentor, offer)
            guests = User.objects.filter(email__in=[guest.email for guest in offer.guests])
            taken = [book_seat(group=group, mentee=guest) for guest in guests] if group else []
            to_pay += [seat for seat in taken if seat.is_to_pay]
    return to_pay


def _offer(mentor: MentorProfile, offer: Offer) -> GroupSession | None:
    """On the first of the next days on which the mentor is free then."""
    today = local_day(times.now(), mentor.zone)
    for day in range(offer.in_days, offer.in_days + DAYS_TRIED):
        (starts_at, *_again) = instants(
            today + dt.timedelta(days=day), offer.hour * 60, mentor.zone
        )
        try:
            return offer_group_session(
                mentor=mentor,
                title=offer.title,
                description=offer.description,
                starts_at=starts_at,
                duration_minutes=offer.minutes,
                seats=offer.seats,
                price_minor=offer.price_minor,
            )
        except Conflict:
            continue
    return None
