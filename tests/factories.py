"""One factory a model: valid by default, nothing random, each row independent of the others."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.conf import settings
from factory.django import DjangoModelFactory, Password

from bookings.absence_models import Absence
from bookings.group_models import GroupSession
from bookings.models import AvailabilitySlot, Booking, CalendarEntry, TimeOff
from mentormatch import money, times
from mentormatch.accounts.models import User
from mentormatch.mentors.models import MentorProfile, Topic
from mentormatch.notifications.models import Mail
from payments.models import (
    CreditPeriod,
    Difference,
    Dispute,
    Interval,
    PaymentAccount,
    Payout,
    Plan,
    Reversal,
    SavedCard,
    Subscription,
    Tip,
    Transaction,
    WebhookEvent,
)
from reviews.models import Review
from sessions_app.models import Presence, Seat, Session

PASSWORD = "demo-mentormatch"


class EmailAddressFactory(DjangoModelFactory[EmailAddress]):
    class Meta:
        model = EmailAddress

    email = factory.SelfAttribute("user.email")
    primary = True
    verified = True


class UserFactory(DjangoModelFactory[User]):
    """A person; `UserFactory(verified=True)` has shown that the e-mail address is theirs."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        verified = factory.Trait(address=factory.RelatedFactory(EmailAddressFactory, "user"))
        staff = factory.Trait(is_staff=True, is_superuser=True)

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    full_name = factory.Sequence(lambda n: f"Person {n}")
    password = Password(PASSWORD)
    time_zone = "Europe/Berlin"


class TopicFactory(DjangoModelFactory[Topic]):
    class Meta:
        model = Topic

    name = factory.Sequence(lambda n: f"Topic {n}")
    slug = factory.Sequence(lambda n: f"topic-{n}")


class MentorFactory(DjangoModelFactory[MentorProfile]):
    """Listed and payable: 60.00 EUR an hour in Berlin, a free trial, an hour's notice."""

    class Meta:
        model = MentorProfile
        skip_postgeneration_save = True

    class Params:
        draft = factory.Trait(status=MentorProfile.Status.DRAFT, listed_at=None)

    user = factory.SubFactory(UserFactory, verified=True)
    slug = factory.Sequence(lambda n: f"mentor-{n}")
    status = MentorProfile.Status.LISTED
    headline = "Ships software with people"
    bio = "Twenty years of building things that others have to run."
    languages = factory.List(["en"])
    country = "DE"
    time_zone = "Europe/Berlin"
    currency = "eur"
    hourly_rate_minor = 6000
    trial_rate_minor = 0
    lengths = factory.List([30, 60, 90])
    notice_minutes = 60
    is_payable = True
    listed_at = factory.LazyFunction(times.now)

    @factory.post_generation
    def topics(self: Any, create: bool, extracted: Sequence[Topic] | None, **kwargs: Any) -> None:
        if create:
            self.topics.set(extracted or [])


class AvailabilityFactory(DjangoModelFactory[AvailabilitySlot]):
    """Mondays from nine to five, on the mentor's wall."""

    class Meta:
        model = AvailabilitySlot

    class Params:
        always = factory.Trait(start_minute=0, end_minute=1440)

    mentor = factory.SubFactory(MentorFactory)
    weekday = factory.Maybe("date", None, 0)
    date = None
    start_minute = 9 * 60
    end_minute = 17 * 60


def open_every_day(mentor: MentorProfile, **kwargs: Any) -> list[AvailabilitySlot]:
    """The same opening on all seven weekdays; `always=True` is around the clock."""
    return [AvailabilityFactory(mentor=mentor, weekday=day, **kwargs) for day in range(7)]


class TimeOffFactory(DjangoModelFactory[TimeOff]):
    class Meta:
        model = TimeOff

    mentor = factory.SubFactory(MentorFactory)
    first_day = factory.LazyFunction(lambda: times.now().date() + dt.timedelta(days=1))
    last_day = factory.SelfAttribute("first_day")


class CalendarEntryFactory(DjangoModelFactory[CalendarEntry]):
    """The time that a booking takes of its mentor, buffers included."""

    class Meta:
        model = CalendarEntry

    booking = None
    mentor = factory.SubFactory(MentorFactory)
    kind = CalendarEntry.Kind.BOOKING
    starts_at = factory.LazyFunction(lambda: in_two_days())  # noqa: PLW0108  # defined below
    ends_at = factory.LazyAttribute(lambda entry: entry.starts_at + dt.timedelta(hours=1))


def in_two_days() -> dt.datetime:
    """The full hour two days from now."""
    return times.now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=2)


def _price(booking: Any) -> int:
    if booking.session_type == Booking.Type.TRIAL:
        return int(booking.mentor.trial_rate_minor or 0)
    return money.price_for(booking.mentor.hourly_rate_minor, booking.duration_minutes)


def _buffered(booking: Any, minutes: str, direction: int) -> dt.timedelta:
    return direction * dt.timedelta(minutes=getattr(booking.mentor, minutes))


class BookingFactory(DjangoModelFactory[Booking]):
    """An hour in two days, paid and confirmed, in its mentor's calendar."""

    class Meta:
        model = Booking
        skip_postgeneration_save = True

    class Params:
        trial = factory.Trait(session_type=Booking.Type.TRIAL, duration_minutes=30)
        to_pay = factory.Trait(
            status=Booking.Status.PENDING,
            confirmed_at=None,
            hold_expires_at=factory.LazyFunction(lambda: times.now() + dt.timedelta(minutes=35)),
        )
        requested = factory.Trait(
            status=Booking.Status.PENDING,
            session_type=Booking.Type.TRIAL,
            duration_minutes=30,
            confirmed_at=None,
            answer_by_at=factory.LazyFunction(lambda: times.now() + dt.timedelta(hours=24)),
        )
        cancelled = factory.Trait(
            status=Booking.Status.CANCELLED,
            cancelled_at=factory.LazyFunction(times.now),
            cancelled_by=Booking.Side.MENTEE,
            cancellation_code=Booking.CancellationCode.CANCELLED,
        )
        completed = factory.Trait(
            status=Booking.Status.COMPLETED,
            starts_at=factory.LazyFunction(lambda: in_two_days() - dt.timedelta(days=3)),
            completed_at=factory.SelfAttribute("ends_at"),
        )

    code = factory.Sequence(lambda n: f"booking{n:09d}")
    mentor = factory.SubFactory(MentorFactory)
    mentee = factory.SubFactory(UserFactory)
    session_type = Booking.Type.ONE_ON_ONE
    status = Booking.Status.CONFIRMED
    duration_minutes = 60
    starts_at = factory.LazyFunction(lambda: in_two_days())  # noqa: PLW0108  # defined below
    ends_at = factory.LazyAttribute(
        lambda booking: booking.starts_at + dt.timedelta(minutes=booking.duration_minutes)
    )
    price_minor = factory.LazyAttribute(_price)
    platform_fee_minor = factory.LazyAttribute(
        lambda booking: money.fee_for(booking.price_minor, settings.PLATFORM_FEE_PERCENT)
    )
    currency = factory.SelfAttribute("mentor.currency")
    free_cancellation_until = factory.LazyAttribute(
        lambda booking: booking.starts_at - dt.timedelta(hours=24)
    )
    confirmed_at = factory.LazyFunction(times.now)
    calendar_entry = factory.RelatedFactory(
        CalendarEntryFactory,
        "booking",
        mentor=factory.SelfAttribute("booking.mentor"),
        starts_at=factory.LazyAttribute(
            lambda entry: (
                entry.booking.starts_at + _buffered(entry.booking, "buffer_before_minutes", -1)
            )
        ),
        ends_at=factory.LazyAttribute(
            lambda entry: (
                entry.booking.ends_at + _buffered(entry.booking, "buffer_after_minutes", 1)
            )
        ),
        is_live=factory.LazyAttribute(
            lambda entry: entry.booking.status != Booking.Status.CANCELLED
        ),
    )


class GroupSessionFactory(DjangoModelFactory[GroupSession]):
    """Three seats at 15.00 EUR in an hour in two days, nobody's yet, in its mentor's calendar."""

    class Meta:
        model = GroupSession
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"group{n:011d}")
    mentor = factory.SubFactory(MentorFactory)
    title = "Read a query plan"
    description = "Bring a query that is too slow. We read its plan together."
    duration_minutes = 60
    starts_at = factory.LazyFunction(in_two_days)
    ends_at = factory.LazyAttribute(
        lambda group: group.starts_at + dt.timedelta(minutes=group.duration_minutes)
    )
    seats = 3
    price_minor = 1500
    currency = factory.SelfAttribute("mentor.currency")
    calendar_entry = factory.RelatedFactory(
        CalendarEntryFactory,
        "group_session",
        kind=CalendarEntry.Kind.GROUP,
        mentor=factory.SelfAttribute("group_session.mentor"),
        starts_at=factory.SelfAttribute("group_session.starts_at"),
        ends_at=factory.SelfAttribute("group_session.ends_at"),
    )


class SeatFactory(DjangoModelFactory[Seat]):
    class Meta:
        model = Seat

    booking = factory.SubFactory(BookingFactory)
    session = factory.SubFactory(
        "tests.factories.SessionFactory", booking=factory.SelfAttribute("..booking"), seat=None
    )


class SessionFactory(DjangoModelFactory[Session]):
    """The session of `booking`, which has the one seat in it."""

    class Meta:
        model = Session
        skip_postgeneration_save = True

    class Params:
        booking = factory.SubFactory(
            BookingFactory, completed=factory.SelfAttribute("..completed", default=False)
        )
        in_progress = factory.Trait(
            status=Session.Status.IN_PROGRESS, started_at=factory.SelfAttribute("starts_at")
        )
        completed = factory.Trait(
            status=Session.Status.COMPLETED,
            started_at=factory.SelfAttribute("starts_at"),
            ended_at=factory.SelfAttribute("ends_at"),
        )

    code = factory.Sequence(lambda n: f"session{n:09d}")
    mentor = factory.SelfAttribute("booking.mentor")
    starts_at = factory.SelfAttribute("booking.starts_at")
    ends_at = factory.SelfAttribute("booking.ends_at")
    room_name = factory.Sequence(lambda n: f"{n:032x}")
    seat = factory.RelatedFactory(
        SeatFactory, "session", booking=factory.SelfAttribute("..booking")
    )


class AbsenceFactory(DjangoModelFactory[Absence]):
    """A mentor who didn't come, as their mentee reports: they can still object."""

    class Meta:
        model = Absence

    code = factory.Sequence(lambda n: f"absence{n:09d}")
    booking = factory.SubFactory(BookingFactory, completed=True)
    absent_side = Booking.Side.MENTOR
    note = "I waited for half an hour."
    object_until = factory.LazyFunction(lambda: times.now() + dt.timedelta(hours=47))


class PresenceFactory(DjangoModelFactory[Presence]):
    class Meta:
        model = Presence

    session = factory.SubFactory(SessionFactory, in_progress=True)
    user = factory.SelfAttribute("session.mentor.user")
    joined_at = factory.SelfAttribute("session.starts_at")


class ReviewFactory(DjangoModelFactory[Review]):
    """Five stars of the mentee of a completed session, for everyone to read."""

    class Meta:
        model = Review

    code = factory.Sequence(lambda n: f"review{n:010d}")
    session = factory.SubFactory(SessionFactory, completed=True)
    mentor = factory.SelfAttribute("session.mentor")
    reviewer = factory.LazyAttribute(
        lambda review: review.session.seats.select_related("booking__mentee").get().booking.mentee
    )
    rating = 5
    comment = "Worth every minute."


class PaymentAccountFactory(DjangoModelFactory[PaymentAccount]):
    """A connected account that Stripe can send money to."""

    class Meta:
        model = PaymentAccount

    mentor = factory.SubFactory(MentorFactory)
    code = factory.Sequence(lambda n: f"account{n:09d}")
    stripe_account_id = factory.Sequence(lambda n: f"acct_{n:016d}")
    details_submitted = True
    charges_enabled = True
    payouts_enabled = True
    transfers_active = True


class SavedCardFactory(DjangoModelFactory[SavedCard]):
    """A Visa card that is good for years."""

    class Meta:
        model = SavedCard

    user = factory.SubFactory(UserFactory)
    stripe_customer_id = factory.Sequence(lambda n: f"cus_{n:014d}")
    stripe_payment_method_id = factory.Sequence(lambda n: f"pm_{n:014d}")
    brand, last4 = "visa", "4242"
    exp_month, exp_year = 12, 2040
    saved_at = factory.LazyFunction(times.now)


class TipFactory(DjangoModelFactory[Tip]):
    """Five of the session's currency, and a word with it."""

    class Meta:
        model = Tip

    code = factory.Sequence(lambda n: f"tip{n:013d}")
    booking = factory.SubFactory(BookingFactory, completed=True)
    mentor = factory.SelfAttribute("booking.mentor")
    mentee = factory.SelfAttribute("booking.mentee")
    amount_minor = 500
    currency = factory.SelfAttribute("booking.currency")
    message = "That answer saved me a week."


class PayoutFactory(DjangoModelFactory[Payout]):
    """54.00 EUR that arrived on the mentor's bank account."""

    class Meta:
        model = Payout

    mentor = factory.SubFactory(MentorFactory)
    stripe_payout_id = factory.Sequence(lambda n: f"po_{n:016d}")
    stripe_account_id = factory.Sequence(lambda n: f"acct_{n:016d}")
    status = Payout.Status.PAID
    amount_minor = 5400
    currency = "eur"
    arrival_date = dt.date(2026, 6, 3)


class TransactionFactory(DjangoModelFactory[Transaction]):
    """The charge of a booking, paid; `thanks=True` of a tip."""

    class Meta:
        model = Transaction

    class Params:
        open = factory.Trait(
            booking=factory.SubFactory(BookingFactory, to_pay=True),
            status=Transaction.Status.PENDING,
            stripe_payment_intent_id=None,
            stripe_charge_id=None,
            succeeded_at=None,
        )
        thanks = factory.Trait(
            type=Transaction.Type.TIP,
            booking=None,
            tip=factory.SubFactory(TipFactory),
            mentor=factory.SelfAttribute("tip.mentor"),
            mentee=factory.SelfAttribute("tip.mentee"),
            amount_minor=factory.SelfAttribute("tip.amount_minor"),
            platform_fee_minor=0,
            currency=factory.SelfAttribute("tip.currency"),
        )

    code = factory.Sequence(lambda n: f"transaction{n:05d}")
    type = Transaction.Type.BOOKING
    status = Transaction.Status.SUCCEEDED
    booking = factory.SubFactory(BookingFactory)
    mentor = factory.SelfAttribute("booking.mentor")
    mentee = factory.SelfAttribute("booking.mentee")
    amount_minor = factory.SelfAttribute("booking.price_minor")
    platform_fee_minor = factory.SelfAttribute("booking.platform_fee_minor")
    net_minor = factory.LazyAttribute(lambda row: row.amount_minor - row.platform_fee_minor)
    currency = factory.SelfAttribute("booking.currency")
    stripe_checkout_session_id = factory.Sequence(lambda n: f"cs_test_{n:016d}")
    stripe_payment_intent_id = factory.Sequence(lambda n: f"pi_{n:016d}")
    stripe_charge_id = factory.Sequence(lambda n: f"ch_{n:016d}")
    succeeded_at = factory.LazyFunction(times.now)


class DisputeFactory(DjangoModelFactory[Dispute]):
    """One that a bank has yet to decide, of an hour for 60.00 EUR that was paid."""

    class Meta:
        model = Dispute

    charge = factory.SubFactory(TransactionFactory, status=Transaction.Status.SUCCEEDED)
    stripe_dispute_id = factory.Sequence(lambda n: f"du_{n}")
    amount_minor = factory.SelfAttribute("charge.amount_minor")
    currency = factory.SelfAttribute("charge.currency")


class DifferenceFactory(DjangoModelFactory[Difference]):
    class Meta:
        model = Difference

    kind = Difference.Kind.MISSING_CHARGE
    transaction = factory.SubFactory(TransactionFactory)
    subject = factory.SelfAttribute("transaction.code")
    detail = "Stripe has no such charge."


class PaidOutFactory(TransactionFactory):
    """The mentor's net of a charge, passed on."""

    type = Transaction.Type.PAYOUT
    parent = factory.SubFactory(TransactionFactory)
    booking = factory.SelfAttribute("parent.booking")
    amount_minor = factory.SelfAttribute("parent.net_minor")
    platform_fee_minor = 0
    stripe_checkout_session_id = None
    stripe_payment_intent_id = None
    stripe_charge_id = None
    stripe_transfer_id = factory.Sequence(lambda n: f"tr_{n:016d}")


class ReversalFactory(DjangoModelFactory[Reversal]):
    """A part of a payout that Stripe didn't take back."""

    class Meta:
        model = Reversal

    code = factory.Sequence(lambda n: f"reversal{n:08d}")
    payout = factory.SubFactory(PaidOutFactory)
    amount_minor = 100
    currency = factory.SelfAttribute("payout.currency")
    status = Reversal.Status.FAILED
    needs_attention = "Stripe refused this reversal."


class WebhookEventFactory(DjangoModelFactory[WebhookEvent]):
    class Meta:
        model = WebhookEvent

    event_id = factory.Sequence(lambda n: f"evt_{n:016d}")
    type = "checkout.session.completed"
    livemode = False
    payload = factory.LazyAttribute(
        lambda event: {"id": event.event_id, "object": "event", "type": event.type}
    )


class MailFactory(DjangoModelFactory[Mail]):
    class Meta:
        model = Mail

    code = factory.Sequence(lambda n: f"mail{n:012d}")
    kind = "booking_confirmed"
    recipient = factory.SubFactory(UserFactory)
    to_address = factory.SelfAttribute("recipient.email")
    context = factory.Dict({"name": "Ada"})
    dedupe_key = factory.Sequence(lambda n: f"mail:{n}")


class PlanFactory(DjangoModelFactory[Plan]):
    """Two sessions of an hour a month, in each interval."""

    class Meta:
        model = Plan

    code = factory.Sequence(lambda n: f"plan{n:012d}")
    mentor = factory.SubFactory(MentorFactory)
    title = "Steady progress"
    description = "We keep an eye on your goals."
    credits_a_month = 2
    session_minutes = 60
    currency = factory.SelfAttribute("mentor.currency")
    monthly_minor = 10000
    quarterly_minor = 27000
    annual_minor = 100000


class SubscriptionFactory(DjangoModelFactory[Subscription]):
    """A month of a plan that began yesterday; its credits are `CreditPeriodFactory`'s."""

    class Meta:
        model = Subscription

    class Params:
        unpaid = factory.Trait(
            status=Subscription.Status.INCOMPLETE,
            stripe_subscription_id=None,
            current_period_start=None,
            current_period_end=None,
        )

    code = factory.Sequence(lambda n: f"subscription{n:05d}")
    plan = factory.SubFactory(PlanFactory)
    mentor = factory.SelfAttribute("plan.mentor")
    mentee = factory.SubFactory(UserFactory)
    interval = Interval.MONTHLY
    status = Subscription.Status.ACTIVE
    price_minor = factory.SelfAttribute("plan.monthly_minor")
    currency = factory.SelfAttribute("plan.currency")
    fee_percent = 10
    credits_a_month = factory.SelfAttribute("plan.credits_a_month")
    session_minutes = factory.SelfAttribute("plan.session_minutes")
    current_period_start = factory.LazyFunction(lambda: times.now() - dt.timedelta(days=1))
    current_period_end = factory.LazyAttribute(
        lambda row: row.current_period_start and row.current_period_start + dt.timedelta(days=30)
    )
    stripe_subscription_id = factory.Sequence(lambda n: f"sub_{n:016d}")


class CreditPeriodFactory(DjangoModelFactory[CreditPeriod]):
    """The month of a subscription, with all of its sessions unused."""

    class Meta:
        model = CreditPeriod

    subscription = factory.SubFactory(SubscriptionFactory)
    starts_at = factory.SelfAttribute("subscription.current_period_start")
    ends_at = factory.SelfAttribute("subscription.current_period_end")
    granted = factory.SelfAttribute("subscription.credits_a_month")
    stripe_invoice_id = factory.Sequence(lambda n: f"in_{n:016d}")
