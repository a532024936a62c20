"""Every page there is, with somebody who may see it: for what must hold on all of them.

`world()` makes the people, bookings and sessions; `pages()` gives each page's name, its address
and who looks at it. A test holds the list complete: a new address is in it, or in `NOT_PAGES`.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import stripe
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from bookings.group_models import GroupSession
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.mentors.models import MentorProfile
from mentormatch.notifications.models import Mail
from payments import services as payments
from payments.models import Plan, Tip
from sessions_app.models import Session
from tests.factories import (
    AbsenceFactory,
    BookingFactory,
    CreditPeriodFactory,
    GroupSessionFactory,
    MailFactory,
    MentorFactory,
    PaymentAccountFactory,
    PresenceFactory,
    ReviewFactory,
    SavedCardFactory,
    SessionFactory,
    SubscriptionFactory,
    TipFactory,
    TopicFactory,
    TransactionFactory,
    UserFactory,
    in_two_days,
    open_every_day,
)
from tests.payments.stripe_emulator.world import World as Stripe

HOUR = dt.timedelta(hours=1)
# Addresses that answer with something else than a page of their own, and why.
NOT_PAGES = {
    "set_language": "POST",
    "manifest": "JSON",
    "background:healthz": "for probes",
    "background:readyz": "for probes",
    "mentors:submit": "POST",
    "bookings:confirm": "POST",
    "bookings:availability_remove": "POST",
    "bookings:rules": "POST",
    "bookings:time_off": "POST",
    "bookings:time_off_remove": "POST",
    "payments:earnings_csv": "CSV",
    "payments:plan_retire": "POST",
    "payments:plan_offer": "POST",
    "payments:subscribed": "redirects",
    "payments:subscription_card": "POST",
    "payments:subscription_cancel": "POST",
    "payments:subscription_resume": "POST",
    "payments:subscription_pay": "POST",
    "payments:return": "redirects",
    "payments:pay_saved": "POST",
    "payments:card_remove": "POST",
    "payments:onboard": "POST",
    "payments:onboarding_return": "redirects",
    "payments:onboarding_refresh": "redirects",
    "sessions:people": "a part of the room",
    "sessions:start": "POST",
    "sessions:leave": "POST",
    "sessions:end": "POST",
    "reviews:delete": "POST",
    "account_set_password": "redirects who has a password",
    "account_confirm_login_code": "log-in by code is off",
    "stripe_emulator:authenticate": "held by the emulator's own tests",
    "stripe_emulator:onboarding": "held by the emulator's own tests",
    "stripe_emulator:api": "JSON",
    "stripe_emulator:act": "POST",
    "stripe_emulator:switches": "POST",
    "demo:login": "POST",
    "demo:clock": "POST",
    "demo:mail_html": "a mail as it is sent",
}


@dataclass(frozen=True)
class World:
    """People who are in the middle of everything."""

    mentee: User
    mentor: MentorProfile
    staff: User
    upcoming: Booking
    to_pay: Booking
    requested: Booking
    cancelled: Booking
    room: Session
    reviewed: Session
    to_review: Session
    tip: Tip
    missed: Booking
    accused: Booking
    mail: Mail
    plan: Plan
    checkout_url: str
    invoice_url: str
    portal_url: str
    group: GroupSession


def world(language: str = "en") -> World:
    """Make it all: today, in the database of the test."""
    mentee = UserFactory(full_name="Ada Lovelace", language=language, verified=True)
    mentor = MentorFactory(
        user__full_name="Grace Hopper",
        user__language=language,
        topics=[TopicFactory(name="Python"), TopicFactory(name="Interviews")],
        buffer_after_minutes=0,
    )
    open_every_day(mentor)
    PaymentAccountFactory(mentor=mentor)
    SavedCardFactory(user=mentee)
    hour = in_two_days()

    def booked(offset: int, **kwargs: object) -> Booking:
        start = hour + offset * HOUR
        return BookingFactory(mentor=mentor, mentee=mentee, starts_at=start, **kwargs)

    to_pay, met, seen = booked(1, to_pay=True), booked(-80), booked(-90)
    done = {"status": Booking.Status.COMPLETED}
    Booking.objects.filter(pk__in=[met.pk, seen.pk]).update(**done)
    missed, accused = booked(-60), booked(-70)
    PresenceFactory(session=SessionFactory(booking=missed), user=mentee)
    AbsenceFactory(booking=accused)
    upcoming = booked(0)
    SessionFactory(booking=upcoming)
    TransactionFactory(booking=upcoming)
    checkout = payments.open_checkout(booking=to_pay, user=mentee)
    return World(
        mentee=mentee,
        mentor=mentor,
        staff=UserFactory(staff=True, language=language),
        upcoming=upcoming,
        to_pay=to_pay,
        requested=booked(3, requested=True),
        cancelled=booked(5, cancelled=True),
        room=_open_room(mentor, mentee),
        reviewed=_reviewed(seen),
        to_review=SessionFactory(booking=met, completed=True),
        tip=_tipped(seen),
        missed=missed,
        accused=accused,
        mail=MailFactory(recipient=mentee, context={"booking": upcoming.code}),
        plan=_subscribed(mentor, mentee),
        checkout_url=checkout.checkout_url,
        **_at_stripe(),
        group=GroupSessionFactory(mentor=mentor, starts_at=hour + 200 * HOUR),
    )


def _reviewed(booking: Booking) -> Session:
    session = SessionFactory(booking=booking, completed=True)
    ReviewFactory(session=session)
    return session


def _tipped(booking: Booking) -> Tip:
    tip = TipFactory(booking=booking)
    TransactionFactory(tip=tip, thanks=True)
    return tip


def _open_room(mentor: MentorProfile, mentee: User) -> Session:
    """A session that has begun, with one of them in it."""
    start = times.now() - dt.timedelta(minutes=5)
    booking = BookingFactory(mentor=mentor, mentee=mentee, starts_at=start)
    room = SessionFactory(booking=booking, in_progress=True)
    PresenceFactory(session=room)
    return room


CANCELLED = {"status": "cancelled", "cancelled_at": times.now()}


def _subscribed(mentor: MentorProfile, mentee: User) -> Plan:
    """A plan that the mentee has, beside others in each state."""
    month = CreditPeriodFactory(subscription__plan__mentor=mentor, subscription__mentee=mentee)
    for facts in ({"status": "past_due"}, {"cancel_at_period_end": True}, CANCELLED):
        CreditPeriodFactory(
            subscription=SubscriptionFactory(plan__mentor=mentor, mentee=mentee, **facts)
        )
    return month.subscription.plan


def _at_stripe() -> dict[str, str]:
    """The page of an invoice whose card was refused, and of whoever it is for."""
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, http_client=stripe.default_http_client, max_network_retries=0
    )
    subscription, invoice, _ = Stripe(client).past_due()
    portal = client.v1.billing_portal.sessions.create(
        {"customer": str(subscription.customer), "return_url": settings.SITE_URL}
    )
    return {"invoice_url": str(invoice.hosted_invoice_url), "portal_url": portal.url}


@dataclass(frozen=True)
class Page:
    name: str
    path: str
    user: User | None = None


def pages(here: World) -> Iterator[Page]:
    """Each page once or more, in the states that look different."""
    yield from _of_everyone(here)
    yield from _of_the_mentee(here)
    yield from _of_the_mentor(here)
    yield Page("stripe_emulator:dashboard", reverse("stripe_emulator:dashboard"))
    hosted = {
        "checkout": here.checkout_url,
        "invoice": here.invoice_url,
        "portal": here.portal_url,
    }
    for name, url in hosted.items():
        yield Page(f"stripe_emulator:{name}", url.removeprefix(settings.SITE_URL))


def _of_everyone(here: World) -> Iterator[Page]:
    for name in (
        *(
            "home",
            "mentors:list",
            "bookings:group_list",
            "legal:terms",
            "legal:privacy",
            "legal:imprint",
        ),
        *("account_login", "account_signup", "account_reset_password", "account_inactive"),
        *("account_reset_password_done", "account_reset_password_from_key_done"),
        *("account_email_verification_sent", "demo:home", "demo:mail"),
    ):
        yield Page(name, reverse(name))
    yield Page("mentors:list", reverse("mentors:list") + "?q=nobody-at-all")
    yield Page("mentors:detail", reverse("mentors:detail", args=[here.mentor.slug]))
    yield Page("bookings:group", reverse("bookings:group", args=[here.group.code]))
    yield Page("demo:mail_detail", reverse("demo:mail_detail", args=[here.mail.code]))
    yield Page("account_confirm_email", reverse("account_confirm_email", args=["no-such-key"]))
    key = default_token_generator.make_token(here.mentee)
    uid = user_pk_to_url_str(here.mentee)
    yield Page("account_reset_password_from_key", _reset(uid, key))
    yield Page("404", "/nothing-here/")


def _reset(uid: str, key: str) -> str:
    return reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": key})


def _of_the_mentee(here: World) -> Iterator[Page]:
    for name in (
        *("accounts:settings", "account_email", "account_change_password", "account_logout"),
        *("account_reauthenticate", "bookings:list", "payments:account"),
    ):
        yield Page(name, reverse(name), here.mentee)
    # Another mentor's time, so that nothing of the mentee's is in the way.
    query = f"?starts_at={times.format_instant(_a_free_time())}&duration_minutes=60"
    book = reverse("bookings:book", args=[here.mentor.slug])
    yield Page("bookings:book", book + query + "&session_type=one_on_one", here.mentee)
    for booking in (here.upcoming, here.to_pay, here.requested, here.cancelled):
        yield Page("bookings:detail", reverse("bookings:detail", args=[booking.code]), here.mentee)
    for name in ("bookings:cancel", "bookings:reschedule"):
        yield Page(name, reverse(name, args=[here.upcoming.code]), here.mentee)
    seat = reverse("bookings:group_book", args=[here.group.code])
    yield Page("bookings:group_book", seat, here.mentee)
    receipt = reverse("payments:receipt", args=[here.upcoming.transactions.get().code])
    yield Page("payments:receipt", receipt, here.mentee)
    yield Page("payments:pay", reverse("payments:pay", args=[here.to_pay.code]), here.mentee)
    for session in (here.room, here.reviewed):
        yield Page("sessions:room", reverse("sessions:room", args=[session.code]), here.mentee)
    for session in (here.to_review, here.reviewed):
        yield Page("reviews:write", reverse("reviews:write", args=[session.code]), here.mentee)
    yield Page("payments:subscriptions", reverse("payments:subscriptions"), here.mentee)
    subscribe = reverse("payments:subscribe", args=[here.plan.code])
    yield Page("payments:subscribe", subscribe, here.staff)
    yield Page("payments:subscribe", subscribe, here.mentee)
    yield Page("payments:tip", reverse("payments:tip", args=[here.reviewed.code]), here.mentee)
    yield Page(
        "payments:tip_given", reverse("payments:tip_given", args=[here.tip.code]), here.mentee
    )
    thanked = reverse("bookings:detail", args=[here.tip.booking.code])
    yield Page("bookings:detail", thanked, here.mentee)
    absent = reverse("bookings:absent", args=[here.missed.code])
    yield Page("bookings:absent", absent, here.mentee)


def _a_free_time() -> dt.datetime:
    """Noon in Berlin in four days: open at every time of the year, and nobody's yet."""
    day = times.now().astimezone(times.zone("Europe/Berlin")) + dt.timedelta(days=4)
    return day.replace(hour=12, minute=0, second=0, microsecond=0).astimezone(dt.UTC)


def _of_the_mentor(here: World) -> Iterator[Page]:
    mentor = here.mentor.user
    for name in (
        *("bookings:dashboard", "bookings:availability", "mentors:edit"),
        "bookings:group_dashboard",
        *("payments:earnings", "payments:payouts", "payments:plans"),
    ):
        yield Page(name, reverse(name), mentor)
    yield Page("payments:earnings", reverse("payments:earnings") + "?type=tip", mentor)
    for name in ("payments:plan", "payments:subscribers", "payments:plan_close"):
        yield Page(name, reverse(name, args=[here.plan.code]), mentor)
    row = here.plan.subscriptions.get()
    yield Page(
        "payments:subscription_end", reverse("payments:subscription_end", args=[row.code]), mentor
    )
    month = reverse("payments:statement", args=[f"{times.now():%Y-%m}"])
    yield Page("payments:statement", month, mentor)
    yield Page("bookings:detail", reverse("bookings:detail", args=[here.upcoming.code]), mentor)
    for name in ("bookings:group_edit", "bookings:group_cancel"):
        yield Page(name, reverse(name, args=[here.group.code]), mentor)
    decline = reverse("bookings:decline", args=[here.requested.code])
    yield Page("bookings:decline", decline, mentor)
    for name in ("bookings:absent", "bookings:detail"):
        yield Page(name, reverse(name, args=[here.accused.code]), mentor)
    yield Page("bookings:dashboard", reverse("bookings:dashboard"), here.mentee)
    yield Page("styleguide", reverse("styleguide"), here.staff)
    yield Page("admin:index", reverse("admin:index"), here.staff)


def names() -> set[str]:
    """The names of all addresses but the admin's and the two APIs', which are no pages of ours."""
    return set(_names(get_resolver(), ""))


def _names(resolver: URLResolver, space: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{space}{entry.name}"
        elif str(entry.pattern) not in {"admin/", "api/v1/", "_allauth/"}:
            yield from _names(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
