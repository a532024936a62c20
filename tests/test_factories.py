"""The factories make what the models' own rules allow."""

import inspect

import pytest
from factory.django import DjangoModelFactory

from bookings.models import Booking
from tests import factories

FACTORIES = [
    made
    for _, made in inspect.getmembers(factories, inspect.isclass)
    if issubclass(made, DjangoModelFactory) and made.__module__ == factories.__name__
]


@pytest.mark.django_db
@pytest.mark.one_engine
@pytest.mark.parametrize("make", FACTORIES, ids=lambda made: made.__name__)
def test_factory_makes_valid_rows_twice(make):
    if make is factories.EmailAddressFactory:
        make = lambda: factories.UserFactory(verified=True)  # noqa: E731  # needs its person
    for _ in range(2):
        make().full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("trait", ["trial", "to_pay", "requested", "cancelled", "completed"])
def test_booking_traits_are_in_the_calendar(trait):
    booking = factories.BookingFactory(**{trait: True}, mentor__buffer_after_minutes=15)
    booking.full_clean()
    assert booking.calendar_entry.mentor == booking.mentor
    assert (booking.calendar_entry.ends_at - booking.ends_at).total_seconds() == 900
    assert booking.calendar_entry.is_live == (booking.status != Booking.Status.CANCELLED)


@pytest.mark.django_db
def test_a_session_has_the_seat_of_its_booking():
    session = factories.SessionFactory(completed=True)
    assert session.seats.get().booking.mentor == session.mentor
    seat = factories.SeatFactory()
    assert list(seat.session.seats.all()) == [seat]
    assert factories.ReviewFactory(session=session).reviewer == session.seats.get().booking.mentee
