"""Somebody didn't come: reported by the log, objected to, decided; and the money."""

import datetime as dt

import pytest
from django.urls import reverse

from bookings import services as bookings
from bookings.absence_models import Absence
from bookings.models import Booking
from mentormatch.errors import Conflict, DomainError, Forbidden, InvalidInput
from mentormatch.notifications.models import Mail
from mentormatch.notifications.rendering import write
from payments import services as payments
from payments.models import Transaction
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from sessions_app import absences, services
from sessions_app.models import Session
from tests.factories import BookingFactory, PresenceFactory, SessionFactory, UserFactory
from tests.payments.conftest import mentor, work  # noqa: F401  # fixtures of theirs

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
HOURS = dt.timedelta(hours=1)


@pytest.fixture
def booking(mentor, work) -> Booking:  # noqa: F811  # the fixtures above
    """An hour in two days for 60.00 EUR, paid and confirmed."""
    booking = BookingFactory(mentor=mentor, to_pay=True)
    row = payments.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    work()
    booking.refresh_from_db()
    return booking


def came(booking: Booking, *sides: str, at: dt.timedelta = dt.timedelta(0)) -> None:
    session = Session.objects.get(seats__booking=booking)
    for side in sides:
        user = booking.mentee if side == "mentee" else booking.mentor.user
        PresenceFactory(session=session, user=user, joined_at=booking.starts_at + at)


def reported(booking: Booking, freeze, by: str = "mentee", note: str = "I waited.") -> Absence:
    came(booking, by)
    freeze(booking.starts_at + 20 * MINUTE)
    who = booking.mentee if by == "mentee" else booking.mentor.user
    return absences.report_absence(booking=booking, by=who, note=note)


def decided(absence: Absence, freeze, verb, **more) -> Booking:
    freeze(absence.object_until)
    verb(absence=absence, by=UserFactory(staff=True), reason="The log says so.", **more)
    return Booking.objects.get(pk=absence.booking_id)


def test_an_absent_mentor_is_reported_and_everything_goes_back(booking, work, freeze):  # noqa: F811  # the same
    absence = reported(booking, freeze)
    assert (absence.absent_side, absence.object_until) == (
        "mentor",
        booking.starts_at + 20 * MINUTE + 48 * HOURS,
    )
    booking = decided(absence, freeze, bookings.uphold_absence)
    work()
    charge = booking.transactions.charges().get()
    assert (booking.status, booking.refund_minor) == ("no_show", 6000)
    assert charge.status == Transaction.Status.REFUNDED
    freeze(booking.ends_at + 200 * HOURS)
    assert payments.send_due_transfers() == 0
    assert testing.differences() == []


def test_an_absent_mentee_pays_and_the_mentor_is_paid(booking, work, freeze):  # noqa: F811  # the same
    absence = reported(booking, freeze, by="mentor")
    booking = decided(absence, freeze, bookings.uphold_absence)
    freeze(booking.ends_at + 48 * HOURS)
    assert payments.send_due_transfers() == 1
    work()
    assert (booking.status, booking.refund_minor) == ("no_show", 0)
    assert [row.body["amount"] for row in StripeObject.objects.filter(type="transfer")] == [5400]
    assert not booking.transactions.refunds().exists()


@pytest.mark.parametrize("ends", ["ended", "not ended"])
def test_nothing_leaves_until_staff_decide_and_then_it_goes_on(booking, work, freeze, ends):  # noqa: F811  # the same
    absence = reported(booking, freeze)
    session = Session.objects.get()
    if ends == "ended":
        services.start_session(session=session, user=booking.mentee)
        services.end_session(session=session, user=booking.mentor.user)
    freeze(booking.ends_at + 49 * HOURS)
    services.complete_overdue()
    freeze(booking.ends_at + 500 * HOURS)
    assert payments.send_due_transfers() == 0
    decided(absence, freeze, bookings.dismiss_absence)
    booking.refresh_from_db()
    assert booking.status == "completed"
    freeze(booking.ends_at + 500 * HOURS)
    assert payments.send_due_transfers() == 1


def test_both_are_told_and_the_other_side_has_48_hours(booking, freeze):
    Mail.objects.all().delete()
    absence = reported(booking, freeze, note="I <b>waited</b>.")
    mail = Mail.objects.get()
    assert (mail.kind, mail.recipient) == ("absence_reported", booking.mentor.user)
    assert "I &lt;b&gt;waited&lt;/b&gt;." in write(mail).html
    assert f"/bookings/{booking.code}/absent/" in write(mail).text
    decided(absence, freeze, bookings.uphold_absence)
    told = Mail.objects.filter(kind="absence_decided")
    assert {mail.recipient for mail in told} == {booking.mentee, booking.mentor.user}
    for mail in told:
        assert "All of the €60.00 goes back" in write(mail).text
        assert "The log says so." in write(mail).text


def test_staff_wait_for_the_other_side(booking, freeze):
    absence = reported(booking, freeze)
    staff = UserFactory(staff=True)
    with pytest.raises(Conflict):
        bookings.uphold_absence(absence=absence, by=staff)
    bookings.object_to_absence(
        absence=absence, by=booking.mentor.user, objection="My line was down; I wrote at once."
    )
    bookings.dismiss_absence(absence=absence, by=staff)
    with pytest.raises(Conflict):
        bookings.uphold_absence(absence=absence, by=staff)
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_nobody_decides_about_their_own_session(booking, freeze):
    absence = reported(booking, freeze)
    freeze(absence.object_until)
    for user in (booking.mentee, UserFactory()):
        with pytest.raises(Forbidden):
            bookings.uphold_absence(absence=absence, by=user)
    booking.mentor.user.is_staff = True
    booking.mentor.user.save()
    with pytest.raises(Forbidden):
        bookings.uphold_absence(absence=absence, by=booking.mentor.user)


def test_objecting_is_for_who_is_said_not_to_have_come_once_and_in_time(booking, freeze):
    absence = reported(booking, freeze)
    with pytest.raises(Forbidden):
        bookings.object_to_absence(absence=absence, by=booking.mentee, objection="No.")
    with pytest.raises(InvalidInput):
        bookings.object_to_absence(absence=absence, by=booking.mentor.user, objection=" ")
    freeze(absence.object_until)
    with pytest.raises(Conflict):
        bookings.object_to_absence(absence=absence, by=booking.mentor.user, objection="No.")


@pytest.mark.parametrize(
    ("joined", "left", "absent"),
    [
        (None, None, True),
        (-5, None, False),
        (14, None, False),
        (15, None, True),
        (-5, -4, True),
        (3, 4, False),
        (-60, None, False),
    ],
)
def test_absent_is_who_was_not_there_for_15_minutes(booking, freeze, joined, left, absent):
    if joined is not None:
        came(booking, "mentor", at=joined * MINUTE)
        if left is not None:
            session = Session.objects.get()
            session.presences.update(left_at=booking.starts_at + left * MINUTE)
    came(booking, "mentee")
    freeze(booking.starts_at + 20 * MINUTE)
    assert absences.may_report(booking, booking.mentee, booking.starts_at + 20 * MINUTE) == absent
    if not absent:
        with pytest.raises(Conflict, match="within 15 minutes"):
            absences.report_absence(booking=booking, by=booking.mentee)


def test_what_cannot_be_reported(booking, work, freeze):  # noqa: F811  # the same
    def code(by) -> str:
        with pytest.raises(DomainError) as refused:
            absences.report_absence(booking=booking, by=by)
        return refused.value.code

    freeze(booking.starts_at + 14 * MINUTE)
    came(booking, "mentee")
    assert code(booking.mentee) == "too_early"
    freeze(booking.starts_at + 15 * MINUTE)
    assert code(UserFactory()) == "not_found"
    # Who wasn't there themselves can't say that of the other.
    assert code(booking.mentor.user) == "invalid_state"
    freeze(booking.ends_at + 49 * HOURS)
    assert code(booking.mentee) == "too_late"
    bookings.complete_booking(booking=booking, now=booking.ends_at)
    freeze(booking.ends_at + 48 * HOURS)
    payments.send_due_transfers()
    booking.refresh_from_db()
    assert code(booking.mentee) == "too_late"
    assert not Absence.objects.exists()


def test_once_is_enough(booking, freeze):
    reported(booking, freeze)
    with pytest.raises(Conflict, match="reported already"):
        absences.report_absence(booking=booking, by=booking.mentee)


def test_the_story_on_the_pages(booking, login, freeze):
    came(booking, "mentee")
    freeze(booking.starts_at + 20 * MINUTE)
    mentee, mentors = login(booking.mentee), login(booking.mentor.user)
    detail = reverse("bookings:detail", args=[booking.code])
    absent = reverse("bookings:absent", args=[booking.code])
    room = reverse("sessions:room", args=[Session.objects.get().code])
    for page in (detail, room):
        assert absent in mentee.get(page).content.decode()
        assert absent not in mentors.get(page).content.decode()
    assert mentee.get(absent).status_code == 200
    assert mentors.get(absent).status_code == 409
    assert mentee.post(absent, {"note": "x" * 501}).status_code == 422
    assert mentee.post(absent, {"note": "I waited."})["Location"] == detail
    assert "You reported that" in mentee.get(detail).content.decode()
    assert mentee.get(absent).status_code == 403
    shown = mentors.get(detail).content.decode()
    assert "reports that you weren't there" in shown
    assert "I waited." in shown
    assert mentors.post(absent, {"objection": ""}).status_code == 422
    assert mentors.post(absent, {"objection": "I was there."})["Location"] == detail
    shown = mentors.get(detail).content.decode()
    assert "You objected" in shown
    assert "on hold: who came is looked into" in shown
    assert mentors.get(absent)["Location"] == detail
    assert login(UserFactory()).get(absent).status_code == 404


def test_a_free_session_can_be_missed_as_well(freeze):
    booking = BookingFactory(price_minor=0, platform_fee_minor=0)
    SessionFactory(booking=booking)
    absence = reported(booking, freeze)
    booking = decided(absence, freeze, bookings.uphold_absence)
    assert (booking.status, booking.refund_minor) == ("no_show", 0)
