"""Two people press the button at the same time."""

import pytest

from bookings.models import Booking
from sessions_app import services
from sessions_app.models import Presence, Session
from tests.concurrency import at_once
from tests.factories import SessionFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("is_running", [False, True])
def test_one_person_starting_four_times_at_once_came_once(is_running):
    session = SessionFactory(in_progress=is_running)
    mentor = session.mentor.user
    errors = at_once(
        *[lambda: services.start_session(session=session, user=mentor, now=session.starts_at)] * 4
    )
    assert errors == []
    assert Presence.objects.count() == 1


def test_ending_and_sweeping_at_once_complete_it_once():
    session = SessionFactory(in_progress=True)
    mentor = session.mentor.user
    late = session.ends_at.replace(year=session.ends_at.year + 1)
    errors = at_once(
        lambda: services.end_session(session=session, user=mentor, now=late),
        lambda: services.end_session(session=session, user=mentor, now=late),
        lambda: services.complete_overdue(now=late),
        lambda: services.complete_overdue(now=late),
    )
    assert errors == []
    session.mentor.refresh_from_db()
    assert session.mentor.total_sessions == 1
    assert Session.objects.get().status == Session.Status.COMPLETED
    assert Booking.objects.get().status == Booking.Status.COMPLETED
