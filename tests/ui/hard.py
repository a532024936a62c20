"""People and texts that strain a layout: every page still has to look right with them.

`build()` makes them, for tests and for `scripts/screenshots.py --hard FOLDER`.
"""

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from bookings.services.seats import book_seat
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.mentors.models import MentorProfile
from tests.factories import (
    BookingFactory,
    GroupSessionFactory,
    MentorFactory,
    ReviewFactory,
    SessionFactory,
    TopicFactory,
    TransactionFactory,
    UserFactory,
    open_every_day,
)

WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
NAME = WORD[:80]
HEADLINE = f"{WORD} and forty more letters of a line's end"[:120]
SENTENCE = "I have built and run what others said could not be run, and I can show you how. "
BIO = (SENTENCE * 100)[:4900].rstrip() + "\n\n" + WORD
ARABIC_NAME = "عبد الرحمن بن محمد الحداد"
ARABIC = "أساعدك على فهم قواعد البيانات خطوة بخطوة، من الصفر إلى النظام الذي يعمل."
EMOJI_NAME = "🦄 Zoë 👩🏽‍🚀 Ünlü 🇩🇪"


@dataclass(frozen=True)
class Hard:
    """`pages`: (name, address, whose e-mail address or nobody's)."""

    mentee: User
    mentors: dict[str, MentorProfile]
    pages: list[tuple[str, str, str]]


def _mentors() -> dict[str, MentorProfile]:
    topics = [TopicFactory(name=f"{WORD[:52]} {n}", slug=f"hard-{n}") for n in range(8)]
    texts = {"bio": BIO, "headline": HEADLINE, "topics": topics}
    made = {
        "long": MentorFactory(user=_person(NAME), hourly_rate_minor=999_999, **texts),
        "arabic": MentorFactory(
            user=_person(ARABIC_NAME), headline=ARABIC, bio=ARABIC, languages=["ar"]
        ),
        "emoji": MentorFactory(user=_person(EMOJI_NAME), headline="🚀🚀🚀", bio="🦄 " * 300),
        "bare": MentorFactory(
            user=_person("X"), headline="Go", bio="Yes.", hourly_rate_minor=0, trial_rate_minor=None
        ),
    }
    for mentor in made.values():
        open_every_day(mentor)
    return made


def _person(name: str) -> User:
    return UserFactory(full_name=name, verified=True)


def _history(mentor: MentorProfile, mentee: User) -> None:
    """A completed and paid session with a review as long as one may be."""
    booking = BookingFactory(mentor=mentor, mentee=mentee, completed=True)
    TransactionFactory(booking=booking)
    session = SessionFactory(booking=booking, completed=True)
    ReviewFactory(session=session, comment=(SENTENCE * 30)[:1800] + WORD)
    MentorProfile.objects.filter(pk=mentor.pk).update(
        review_count=12345, rating_sum=54321, total_sessions=98765
    )


def build() -> Hard:
    """All of it, and the pages on which it shows."""
    mentors, mentee = _mentors(), _person(NAME)
    long = mentors["long"]
    _history(long, mentee)
    notes = f"{WORD}{WORD}\n\n{SENTENCE * 20}\n\n{ARABIC}"
    start = times.now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=3)
    booking = BookingFactory(mentor=long, mentee=mentee, starts_at=start, notes=notes)
    TransactionFactory(booking=booking)
    session = SessionFactory(booking=booking)
    BookingFactory(mentor=long, mentee=_person(ARABIC_NAME), trial=True, requested=True)
    pages = _pages(mentors, booking.code, session.code, mentee.email)
    return Hard(mentee, mentors, pages + _group_pages(long, mentee))


def _group_pages(mentor: MentorProfile, mentee: User) -> list[tuple[str, str, str]]:
    """A group session of which nothing has a space in it."""
    start = times.now() + dt.timedelta(days=5)
    texts = {"title": (WORD * 2)[:120], "description": f"{WORD * 3}\n\n{ARABIC}"}
    group = GroupSessionFactory(mentor=mentor, starts_at=start, **texts)
    seat = book_seat(group=group, mentee=mentee, notes=WORD * 3)
    whose = mentor.user.email
    return [
        ("groups", reverse("bookings:group_list"), ""),
        ("group", reverse("bookings:group", args=[group.code]), ""),
        ("group-seat", reverse("bookings:detail", args=[seat.code]), mentee.email),
        ("group-pay", reverse("payments:pay", args=[seat.code]), mentee.email),
        ("group-dashboard", reverse("bookings:group_dashboard"), whose),
        ("group-edit", reverse("bookings:group_edit", args=[group.code]), whose),
        ("group-cancel", reverse("bookings:group_cancel", args=[group.code]), whose),
    ]


def _pages(
    mentors: dict[str, MentorProfile], booking: str, session: str, mentee: str
) -> list[tuple[str, str, str]]:
    profiles = [
        (f"profile-{name}", reverse("mentors:detail", args=[mentor.slug]), "")
        for name, mentor in mentors.items()
    ]
    mentor = mentors["long"].user.email
    return [
        ("home", reverse("home"), ""),
        ("search", reverse("mentors:list"), ""),
        *profiles,
        ("booking", reverse("bookings:detail", args=[booking]), mentee),
        ("cancel", reverse("bookings:cancel", args=[booking]), mentee),
        ("bookings", reverse("bookings:list"), mentee),
        ("room", reverse("sessions:room", args=[session]), mentee),
        ("settings", reverse("accounts:settings"), mentee),
        ("dashboard", reverse("bookings:dashboard"), mentor),
        ("profile-edit", reverse("mentors:edit"), mentor),
        ("earnings", reverse("payments:earnings"), mentor),
    ]
