import datetime as dt

import jwt
import pytest
from django.conf import settings

from bookings.models import Booking
from bookings.services import cancel_booking, confirm_booking, expire_hold, reschedule_booking
from mentormatch.auth import AccessToken
from mentormatch.errors import Conflict, Forbidden, NotFound
from sessions_app import room, services
from sessions_app.models import Presence, Seat, Session
from tests.factories import BookingFactory, SessionFactory, UserFactory, open_every_day

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def session(now):
    return SessionFactory()


def mentee_of(session):
    return session.bookings[0].mentee


def start(session, user, **kwargs):
    return services.start_session(session=session, user=user, **kwargs)


def code_of(refusal):
    return refusal.value.code


def test_a_confirmed_booking_has_one_session(now):
    booking = confirm_booking(booking=BookingFactory(to_pay=True))
    session = Seat.objects.get(booking=booking).session
    assert (session.starts_at, session.ends_at) == (booking.starts_at, booking.ends_at)
    assert services.open_session(booking=booking) == session
    assert Session.objects.count() == 1


def test_two_rooms_have_names_of_128_bits():
    names = {SessionFactory(room_name=Session().room_name).room_name for _ in range(2)}
    assert [len(bytes.fromhex(name)) for name in names] == [16, 16]


def test_the_session_moves_with_its_booking(now):
    session = SessionFactory(booking=BookingFactory())
    booking = session.bookings[0]
    open_every_day(booking.mentor, always=True)
    later = booking.starts_at + dt.timedelta(days=1)
    reschedule_booking(booking=booking, by=booking.mentor.user, starts_at=later)
    session.refresh_from_db()
    assert (session.starts_at, session.planned_minutes) == (later, 60)


def test_a_session_that_moves_after_both_came_begins_anew(now, freeze):
    """They meet, the line is bad, and the mentor moves it to tomorrow."""
    session = SessionFactory(booking=BookingFactory())
    booking = session.bookings[0]
    open_every_day(booking.mentor, always=True)
    freeze(session.starts_at - 5 * MINUTE)
    start(session, booking.mentor.user)
    start(session, booking.mentee)
    later = booking.starts_at + dt.timedelta(days=1)
    reschedule_booking(booking=booking, by=booking.mentor.user, starts_at=later)
    session.refresh_from_db()
    assert (session.status, session.starts_at) == (Session.Status.SCHEDULED, later)
    assert session.started_at is None
    assert not Presence.objects.in_the_room(session.pk).exists()
    assert services.complete_overdue(now=session.ends_at + 16 * MINUTE) == 0
    freeze(later)
    assert start(session, booking.mentee).started_at == later


def test_the_session_is_called_off_with_its_booking(session):
    booking = session.bookings[0]
    cancel_booking(booking=booking, by=booking.mentee)
    session.refresh_from_db()
    assert session.status == Session.Status.CANCELLED
    services.call_off_session(booking=booking)


def test_a_session_with_another_seat_taken_goes_on(session):
    booking = session.bookings[0]
    Seat.objects.create(session=session, booking=BookingFactory(mentor__slug="other"))
    cancel_booking(booking=booking, by=booking.mentee)
    session.refresh_from_db()
    assert session.status == Session.Status.SCHEDULED
    with pytest.raises(Conflict):
        start(session, booking.mentee, now=session.starts_at)


def test_a_booking_paid_late_has_its_session_open(now, freeze):
    booking = BookingFactory(to_pay=True)
    open_every_day(booking.mentor, always=True)
    freeze(booking.hold_expires_at + MINUTE)
    expire_hold(booking=booking)
    confirm_booking(booking=Booking.objects.get(pk=booking.pk))
    assert Session.objects.get(seats__booking=booking).status == Session.Status.SCHEDULED


def test_a_session_called_off_opens_again_with_its_booking(session):
    Session.objects.update(status=Session.Status.CANCELLED)
    assert services.open_session(booking=session.bookings[0]).status == Session.Status.SCHEDULED


@pytest.mark.parametrize(
    "minutes, code",
    [(-11, "too_early"), (-10, None), (0, None), (60, None), (74, None), (75, "too_late")],
)
def test_the_room_opens_10_minutes_before_and_closes_15_after_the_end(session, minutes, code):
    then = session.starts_at + minutes * MINUTE
    if code is None:
        assert start(session, mentee_of(session), now=then).status == Session.Status.IN_PROGRESS
        return
    with pytest.raises(Conflict) as refusal:
        start(session, mentee_of(session), now=then)
    assert code_of(refusal) == code
    assert not Presence.objects.exists()


def test_starting_again_changes_nothing(session):
    first = start(session, mentee_of(session), now=session.starts_at)
    again = start(session, mentee_of(session), now=session.starts_at + MINUTE)
    assert again.started_at == first.started_at == session.starts_at
    assert Presence.objects.get().joined_at == session.starts_at


def test_the_log_keeps_every_stay(session):
    mentee, begin = mentee_of(session), session.starts_at
    for minutes in (0, 20):
        start(session, mentee, now=begin + minutes * MINUTE)
        services.leave(session=session, user=mentee, now=begin + (minutes + 5) * MINUTE)
        services.leave(session=session, user=mentee, now=begin + (minutes + 9) * MINUTE)
    stays = Presence.objects.values_list("joined_at", "left_at")
    assert [(a - begin, b - begin) for a, b in stays] == [
        (0 * MINUTE, 5 * MINUTE),
        (20 * MINUTE, 25 * MINUTE),
    ]


def test_leaving_on_a_clock_that_went_back_is_no_error(session):
    start(session, mentee_of(session), now=session.starts_at)
    services.leave(session=session, user=mentee_of(session), now=session.starts_at - MINUTE)
    assert Presence.objects.get().left_at == session.starts_at


def test_a_stranger_has_no_way_in(session):
    with pytest.raises(NotFound):
        start(session, UserFactory(), now=session.starts_at)


def test_the_mentor_ends_it_once(session):
    mentor, end = session.mentor.user, session.starts_at + 50 * MINUTE
    start(session, mentor, now=session.starts_at)
    ended = services.end_session(session=session, user=mentor, now=end)
    again = services.end_session(session=session, user=mentor, now=end + MINUTE)
    assert (again.status, again.ended_at) == (Session.Status.COMPLETED, end)
    assert (ended.duration_minutes, ended.planned_minutes) == (50, 60)
    assert Booking.objects.get().completed_at == end
    assert Presence.objects.get().left_at == end
    session.mentor.refresh_from_db()
    assert session.mentor.total_sessions == 1


def test_the_mentor_ends_it_long_after_the_room_closed(session):
    start(session, mentee_of(session), now=session.starts_at)
    late = session.ends_at + dt.timedelta(hours=5)
    ended = services.end_session(session=session, user=session.mentor.user, now=late)
    assert ended.status == Session.Status.COMPLETED


def test_the_mentee_cant_end_it(session):
    start(session, mentee_of(session), now=session.starts_at)
    with pytest.raises(Forbidden):
        services.end_session(session=session, user=mentee_of(session))


def test_what_nobody_started_cant_be_ended(session):
    with pytest.raises(Conflict):
        services.end_session(session=session, user=session.mentor.user)


def test_nobody_enters_what_is_over(now):
    for session in (SessionFactory(completed=True), SessionFactory(status="cancelled")):
        with pytest.raises(Conflict) as refusal:
            start(session, session.mentor.user, now=session.starts_at)
        assert code_of(refusal) == "invalid_state"


def test_both_came_so_it_is_completed_15_minutes_after_its_end(session):
    for user in (session.mentor.user, mentee_of(session)):
        start(session, user, now=session.starts_at)
    assert services.complete_overdue(now=session.ends_at + 14 * MINUTE) == 0
    assert services.complete_overdue(now=session.ends_at + 15 * MINUTE) == 1
    assert services.complete_overdue(now=session.ends_at + 15 * MINUTE) == 0
    session.refresh_from_db()
    assert (session.status, session.ended_at) == (Session.Status.COMPLETED, session.ends_at)
    assert Booking.objects.get().status == Booking.Status.COMPLETED
    session.mentor.refresh_from_db()
    assert session.mentor.total_sessions == 1


@pytest.mark.parametrize("who_came", ["nobody", "mentor", "mentee"])
def test_one_side_or_nobody_came_so_it_is_completed_after_48_hours(session, who_came):
    came = {"mentor": session.mentor.user, "mentee": mentee_of(session)}.get(who_came)
    if came:
        start(session, came, now=session.starts_at)
    two_days = session.ends_at + dt.timedelta(hours=48)
    assert services.complete_overdue(now=two_days - MINUTE) == 0
    assert services.complete_overdue(now=two_days) == 1
    session.refresh_from_db()
    assert session.duration_minutes == (60 if came else None)


def test_a_mentor_who_came_for_another_session_didnt_come_for_this_one(session):
    other = SessionFactory(mentor=session.mentor, booking=BookingFactory())
    start(other, session.mentor.user, now=other.starts_at)
    start(session, mentee_of(session), now=session.starts_at)
    assert services.complete_overdue(now=session.ends_at + 15 * MINUTE) == 0


def test_the_token_names_one_person_and_one_room_and_ends_with_it(session):
    made = room.room_token(session=session, user=mentee_of(session))
    claims = jwt.decode(
        made.token, settings.JWT_SECRET, algorithms=["HS256"], options={"verify_exp": False}
    )
    assert claims == {
        "token_use": "room",
        "sub": str(mentee_of(session).pk),
        "room": session.room_name,
        "exp": (session.ends_at + 15 * MINUTE).timestamp(),
    }
    assert made == room.room_token(session=session, user=mentee_of(session))


def test_the_rooms_token_opens_nothing_but_the_room(session, rf):
    token = room.room_token(session=session, user=mentee_of(session)).token
    assert AccessToken().authenticate(rf.get("/"), token) is None
