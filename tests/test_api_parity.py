"""What a page refuses the API refuses: by the same rule, in the same words, with one code.

Each row is a thing done twice, by the page's form and by the API's body; both say the sentence of
the same `DomainError`, and neither changes anything.
"""

import datetime as dt
import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bookings.group_models import GroupSession
from bookings.models import AvailabilitySlot, Booking, CalendarEntry
from bookings.services.seats import book_seat
from mentormatch import times
from payments.models import CreditPeriod, Subscription, Tip, Transaction
from reviews.models import Review
from reviews.services import write_review
from sessions_app.models import Session
from tests.conftest import NOW
from tests.factories import (
    BookingFactory,
    CreditPeriodFactory,
    GroupSessionFactory,
    MentorFactory,
    PlanFactory,
    SessionFactory,
    SubscriptionFactory,
    UserFactory,
    open_every_day,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_engine,
    pytest.mark.usefixtures("now"),
]
HOUR = dt.timedelta(hours=1)
SLOT = NOW + 48 * HOUR
TABLES = (
    Booking,
    CalendarEntry,
    AvailabilitySlot,
    Session,
    Review,
    Tip,
    Transaction,
    GroupSession,
    Subscription,
    CreditPeriod,
)
Sent = dict[str, Any]


class Scene:
    """A mentor with hours, a mentee, and what a row needs of bookings between them."""

    def __init__(self) -> None:
        self.mentor = MentorFactory()
        open_every_day(self.mentor)
        self.mentee = UserFactory(time_zone="UTC")

    def booking(self, **facts: Any) -> Booking:
        booking = BookingFactory(mentor=self.mentor, mentee=self.mentee, **facts)
        if booking.status in {"confirmed", "completed"}:
            SessionFactory(booking=booking, completed=booking.status == "completed")
        return booking


@dataclass
class Both:
    """The same thing by the page and by the API."""

    page: str
    form: Sent
    api: tuple[str, str, Sent]


def book(mentor: Any, **changes: Any) -> Both:
    wanted = {"duration_minutes": 60, "session_type": "one_on_one"} | changes
    starts_at = times.format_instant(wanted.pop("starts_at", SLOT))
    form = wanted | {"starts_at": starts_at, "notes": ""}
    body = wanted | {"scheduled_at": starts_at, "mentor_id": mentor.pk}
    return Both(f"/mentors/{mentor.slug}/book/", form, ("post", "/bookings", body))


def change(booking: Booking, verb: str, form: Sent | None = None, body: Sent | None = None) -> Both:
    path = f"/bookings/{booking.code}/{verb}"
    return Both(f"{path}/", form or {}, ("put", path, body or form or {}))


def move(booking: Booking, starts_at: dt.datetime) -> Both:
    at = times.format_instant(starts_at)
    return change(booking, "reschedule", {"starts_at": at}, {"scheduled_at": at})


def in_session(booking: Booking, verb: str) -> Both:
    session = booking.seat.session
    named = booking.code if verb == "start" else session.code
    return Both(f"/sessions/{session.code}/{verb}/", {}, ("post", f"/sessions/{named}/{verb}", {}))


def review(booking: Booking, **fields: Any) -> Both:
    session = booking.seat.session
    form = {"rating": 5, "comment": "", "is_public": True} | fields
    body = form | {"session_id": session.code}
    return Both(f"/sessions/{session.code}/review/", form, ("post", "/reviews", body))


def tip(booking: Booking, amount: str, minor: int) -> Both:
    session = booking.seat.session
    body = {"session_id": session.code, "amount": minor}
    return Both(
        f"/sessions/{session.code}/tip/", {"amount": amount}, ("post", "/payments/tip", body)
    )


def window(**fields: Any) -> Both:
    return Both("/dashboard/availability/", fields, ("post", "/availability", fields))


def seat(group: GroupSession) -> Both:
    body = {
        "mentor_id": group.mentor_id,
        "scheduled_at": times.format_instant(group.starts_at),
        "duration_minutes": group.duration_minutes,
        "session_type": "group",
        "group_session_id": group.code,
    }
    form = {"notes": "", "consent": "on"}
    return Both(f"/group-sessions/{group.code}/book/", form, ("post", "/bookings", body))


def subscribe(scene: Scene, *, interval: str = "monthly", **facts: Any) -> Both:
    plan = PlanFactory(mentor=scene.mentor, **facts)
    body = {"plan_id": plan.code, "interval": interval}
    form = {"interval": interval, "consent": "on"}
    return Both(
        f"/subscriptions/plans/{plan.code}/", form, ("post", "/payments/subscriptions", body)
    )


def subscribe_again(scene: Scene) -> Both:
    both = subscribe(scene)
    SubscriptionFactory(plan=scene.mentor.plans.get(), mentee=scene.mentee)
    return both


def subscribe_unpayable(scene: Scene) -> Both:
    type(scene.mentor).objects.filter(pk=scene.mentor.pk).update(is_payable=False)
    return subscribe(scene)


def pay(booking: Booking) -> Both:
    body = {"booking_id": booking.code}
    return Both(f"/bookings/{booking.code}/pay/", {}, ("post", "/payments/checkout", body))


def pay_by_one_click(booking: Booking) -> Both:
    body = {"booking_id": booking.code, "use_saved_card": True}
    return Both(f"/bookings/{booking.code}/pay/saved/", {}, ("post", "/payments/checkout", body))


def onboard(scene: Scene) -> Both:
    return Both("/dashboard/payouts/onboarding/", {}, ("post", "/payments/connect/onboard", {}))


def group(scene: Scene, **facts: Any) -> GroupSession:
    return GroupSessionFactory(mentor=scene.mentor, **facts)


def seat_twice(scene: Scene) -> Both:
    made = group(scene)
    book_seat(group=made, mentee=scene.mentee)
    return seat(made)


def seat_sold_out(scene: Scene) -> Both:
    made = group(scene, seats=2)
    for _ in range(2):
        book_seat(group=made, mentee=UserFactory())
    return seat(made)


def move_a_seat(scene: Scene) -> Both:
    made = book_seat(group=group(scene, price_minor=0), mentee=scene.mentee)
    return move(made, SLOT + HOUR)


def with_a_credit(scene: Scene, **facts: Any) -> Both:
    """Booked with one that was there when the page was shown."""
    row = SubscriptionFactory(plan__mentor=scene.mentor, mentee=scene.mentee)
    CreditPeriodFactory(subscription=row, **facts)
    both = book(scene.mentor)
    both.form |= {"pay_with": "credit"}
    both.api[2]["use_credit"] = True
    return both


def asked(scene: Scene, **facts: Any) -> Booking:
    return scene.booking(requested=True, **facts)


def asked_with_a_price(scene: Scene) -> Booking:
    return asked(scene, session_type="one_on_one", price_minor=6000, platform_fee_minor=600)


def taken(scene: Scene) -> Both:
    BookingFactory(mentor=scene.mentor, starts_at=SLOT)
    return book(scene.mentor)


def busy_elsewhere(scene: Scene) -> Both:
    BookingFactory(mentee=scene.mentee, starts_at=SLOT)
    return book(scene.mentor)


def trial_used(scene: Scene) -> Both:
    scene.booking(trial=True, completed=True)
    return book(scene.mentor, session_type="trial", duration_minutes=30)


def closed(scene: Scene) -> Both:
    return book(scene.mentor, starts_at=NOW.replace(hour=20) + 48 * HOUR)


def too_many_holds(scene: Scene) -> Both:
    for n in range(3):
        BookingFactory(mentee=scene.mentee, to_pay=True, starts_at=SLOT + (n + 2) * HOUR)
    return book(scene.mentor)


def already_reviewed(scene: Scene) -> Both:
    booking = scene.booking(completed=True)
    write_review(session=booking.seat.session, reviewer=scene.mentee, rating=4)
    return review(booking)


def soon(scene: Scene, **facts: Any) -> Booking:
    return scene.booking(starts_at=NOW + 3 * HOUR, **facts)


# (what is done, by whom, the code that both stand for)
Row = tuple[str, Callable[[Scene], Both], str, str]
ROWS: list[Row] = [
    ("book a taken time", taken, "mentee", "slot_unavailable"),
    ("book while elsewhere", busy_elsewhere, "mentee", "mentee_busy"),
    ("book outside the hours", closed, "mentee", "slot_unavailable"),
    ("book a second trial", trial_used, "mentee", "trial_used"),
    ("book with too much to pay", too_many_holds, "mentee", "too_many_holds"),
    ("book oneself", lambda s: book(s.mentor), "mentor", "own_profile"),
    ("book the past", lambda s: book(s.mentor, starts_at=NOW - 24 * HOUR), "mentee", ""),
    ("book too far ahead", lambda s: book(s.mentor, starts_at=NOW + 99 * 24 * HOUR), "mentee", ""),
    ("book too soon", lambda s: book(s.mentor, starts_at=NOW + HOUR / 2), "mentee", ""),
    ("book another length", lambda s: book(s.mentor, duration_minutes=45), "mentee", ""),
    ("cancel what is over", lambda s: change(s.booking(completed=True), "cancel"), "mentee", ""),
    ("move what is near", lambda s: move(soon(s), SLOT), "mentee", "too_late"),
    ("move to closed hours", lambda s: move(s.booking(), SLOT + 14 * HOUR), "mentor", ""),
    ("move to the past", lambda s: move(s.booking(), NOW - 24 * HOUR), "mentor", ""),
    (
        "confirm what is unpaid",
        lambda s: change(s.booking(to_pay=True), "confirm"),
        "mentor",
        "payment_required",
    ),
    (
        "confirm as the mentee",
        lambda s: change(s.booking(requested=True), "confirm"),
        "mentee",
        "forbidden",
    ),
    ("start too early", lambda s: in_session(s.booking(), "start"), "mentee", "too_early"),
    (
        "start too late",
        lambda s: in_session(s.booking(starts_at=NOW - 3 * HOUR), "start"),
        "mentor",
        "too_late",
    ),
    (
        "end as the mentee",
        lambda s: in_session(s.booking(starts_at=NOW), "end"),
        "mentee",
        "forbidden",
    ),
    ("end before it began", lambda s: in_session(s.booking(), "end"), "mentor", ""),
    ("review before the end", lambda s: review(s.booking()), "mentee", "invalid_state"),
    ("review twice", already_reviewed, "mentee", "already_reviewed"),
    ("review as the mentor", lambda s: review(s.booking(completed=True)), "mentor", "forbidden"),
    ("tip too little", lambda s: tip(s.booking(completed=True), "0.99", 99), "mentee", ""),
    ("tip too much", lambda s: tip(s.booking(completed=True), "9999", 999_900), "mentee", ""),
    ("tip before the end", lambda s: tip(s.booking(), "5", 500), "mentee", "invalid_state"),
    ("tip oneself", lambda s: tip(s.booking(completed=True), "5", 500), "mentor", "forbidden"),
    ("take a seat twice", seat_twice, "mentee", "mentee_busy"),
    ("take a seat that is sold", seat_sold_out, "mentee", "sold_out"),
    ("take a seat too late", lambda s: seat(group(s, starts_at=NOW)), "mentee", "slot_unavailable"),
    ("take a seat of one's own", lambda s: seat(group(s)), "mentor", "own_profile"),
    ("move a seat", move_a_seat, "mentee", "not_movable"),
    (
        "book with a spent credit",
        lambda s: with_a_credit(s, used=2),
        "mentee",
        "no_credit",
    ),
    (
        "accept as the mentee what has a price",
        lambda s: change(asked_with_a_price(s), "confirm"),
        "mentee",
        "forbidden",
    ),
    (
        "accept too late",
        lambda s: change(asked(s, answer_by_at=NOW), "confirm"),
        "mentor",
        "too_late",
    ),
    (
        "accept what was given up",
        lambda s: change(asked(s, cancelled=True), "confirm"),
        "mentor",
        "invalid_state",
    ),
    (
        "pay with a card that isn't kept",
        lambda s: pay_by_one_click(s.booking(to_pay=True)),
        "mentee",
        "no_saved_card",
    ),
    ("pay as the mentor", lambda s: pay(s.booking(to_pay=True)), "mentor", "forbidden"),
    ("subscribe twice", subscribe_again, "mentee", "already_subscribed"),
    ("subscribe too late", lambda s: subscribe(s, is_offered=False), "mentee", "plan_retired"),
    ("subscribe where nobody can be paid", subscribe_unpayable, "mentee", "not_payable"),
    ("subscribe to oneself", subscribe, "mentor", "own_profile"),
    ("onboard without being a mentor", onboard, "mentee", "forbidden"),
    (
        "open the same hours twice",
        lambda s: window(weekday=0, start_time="10:00", end_time="11:00"),
        "mentor",
        "overlaps",
    ),
    (
        "open hours without being a mentor",
        lambda s: window(weekday=0, start_time="20:00", end_time="21:00"),
        "mentee",
        "forbidden",
    ),
]


def rows() -> list[list[Any]]:
    return [list(table.objects.order_by("pk").values()) for table in TABLES]


@pytest.mark.parametrize(
    ("do", "who", "code"), [row[1:] for row in ROWS], ids=[row[0].replace(" ", "-") for row in ROWS]
)
def test_both_refuse_by_the_same_rule_and_change_nothing(api, login, do, who, code):
    scene = Scene()
    person = scene.mentee if who == "mentee" else scene.mentor.user
    both, before = do(scene), rows()
    method, path, body = both.api
    given = {"data": body, "content_type": "application/json"}
    by_api = getattr(api(person), method)(f"/api/v1{path}", **given)
    assert by_api.status_code in {400, 403, 409}, by_api.content
    problem = by_api.json()
    if code:
        assert problem["code"] == code
    by_page = login(person).post(both.page, both.form)
    assert by_page.status_code in {400, 403, 409, 422}, by_page.content
    said = html.unescape(" ".join(by_page.content.decode().split()))
    assert problem["detail"] in said
    assert rows() == before
