"""Mails of group sessions: to each about their own seat, to the mentor about one meeting."""

import icalendar
import pytest

from bookings.services import cancel_booking
from bookings.services.seats import book_seat
from mentormatch.notifications.models import Mail
from mentormatch.notifications.rendering import write
from payments.services import call_off_group
from tests.factories import GroupSessionFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


@pytest.fixture
def group():
    return GroupSessionFactory(
        title="Read a query plan", price_minor=0, mentor__user__full_name="Grace Hopper"
    )


@pytest.fixture
def seats(group):
    return [
        book_seat(group=group, mentee=UserFactory(full_name=name, email=f"{name}@example.com"))
        for name in ("Ada", "Zoë")
    ]


def mails(kind, user):
    return [write(mail) for mail in Mail.objects.filter(kind=kind, recipient=user).order_by("pk")]


def event(written):
    made = icalendar.Calendar.from_ical(written.invitation)
    return next(part for part in made.walk("VEVENT"))


def test_a_confirmation_names_the_group_and_nobody_elses_address(group, seats):
    for seat, other in (seats, reversed(seats)):
        (written,) = mails("booking_confirmed", seat.mentee)
        assert "Read a query plan" in written.subject
        assert "Group session: Read a query plan" in written.text
        for text in (written.text, written.html, written.invitation):
            assert other.mentee.email not in text
            assert other.mentee.full_name not in text
        assert event(written)["summary"] == "Read a query plan"
        assert event(written)["uid"].startswith(seat.code)


def test_the_mentor_has_one_entry_however_many_come(group, seats):
    told = mails("booking_confirmed", group.mentor.user)
    assert len(told) == 2
    assert {event(written)["uid"].partition("@")[0] for written in told} == {group.code}


def test_a_seat_given_back_leaves_the_mentors_entry_where_it_is(group, seats):
    cancel_booking(booking=seats[0], by=seats[0].mentee)
    (to_mentee,) = mails("booking_cancelled", seats[0].mentee)
    (to_mentor,) = mails("booking_cancelled", group.mentor.user)
    assert (to_mentee.method, to_mentor.method) == ("CANCEL", "")
    assert event(to_mentee)["uid"].startswith(seats[0].code)
    assert "Ada" in to_mentor.subject
    assert mails("booking_cancelled", seats[1].mentee) == []


def test_called_off_it_is_told_once_to_each(group, seats):
    call_off_group(group=group, by=group.mentor.user, reason="I am ill")
    for seat in seats:
        (written,) = mails("booking_cancelled", seat.mentee)
        assert "I am ill" in written.text
        assert written.method == "CANCEL"
    (to_mentor,) = mails("booking_cancelled", group.mentor.user)
    assert to_mentor.subject == "Called off: Read a query plan"
    assert event(to_mentor)["uid"].startswith(group.code)
    assert event(to_mentor)["sequence"] == 1
    for name in ("Ada", "Zoë"):
        assert name not in to_mentor.text
