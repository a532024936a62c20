"""What is measured: requests as browsers and programs send them, each beside its floor."""

import datetime as dt
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count, cycle
from urllib.parse import urlencode

from allauth.headless.tokens.strategies.jwt import internal as tokens
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.mentors.models import MentorProfile
from payments.models import Transaction
from scripts.bench.load import Ask
from scripts.bench.world import World

LOOKED_AT = 40  # so many mentors and mentees take turns
CSRF = "c" * 32
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
PAGE, INSERT, ANSWER = "page", "INSERT", "JSON"


@dataclass(frozen=True)
class Case:
    """A row of the table: what it is, its requests without end, and the floor it stands on."""

    name: str
    asks: Iterator[Ask]
    floor: str
    most: float | None = None  # times the floor


def floors(world: World) -> dict[str, Iterator[Ask]]:
    """The requests of `floor.py`."""
    now = world.now.isoformat()
    # Hours long before anything else in the calendar, each once.
    hours = (world.now - dt.timedelta(days=2000, hours=hour) for hour in count())

    def looking(path: str) -> Iterator[Ask]:
        for mentor in cycle(world.mentors[:LOOKED_AT]):
            yield Ask(f"/{path}/?{urlencode({'mentor': mentor.pk, 'start': now})}")

    def inserting() -> Iterator[Ask]:
        for mentor, hour in zip(cycle(world.mentors), hours, strict=False):
            words = urlencode({"mentor": mentor.pk, "start": hour.isoformat()})
            yield Ask(f"/insert/?{words}", "POST", status=201)

    return {PAGE: looking("page"), INSERT: inserting(), ANSWER: looking("answer")}


def cases(world: World) -> list[Case]:
    """Every row of the table, in its order."""
    mentees = [_cookies(user) for user in world.mentees[:LOOKED_AT]]
    owners = [_cookies(mentor.user) for mentor in world.mentors[:LOOKED_AT]]
    seen = world.mentors[:LOOKED_AT]
    week = _addresses(world)
    slots = [f"/api/v1/mentors/{mentor.pk}/slots" for mentor in seen]
    demo = MentorProfile.objects.get(user__email="mentor@example.com")
    long_week = reverse("mentors:detail", args=[demo.slug])
    # On a day without free times the page looks for the nearest as well.
    monday = (world.now + dt.timedelta(days=7 - world.now.weekday())).date()
    free = world.free()
    earnings, rich = reverse("payments:earnings"), world.rich.user
    return [
        Case("a mentor's week of slots", _gets(week), PAGE, 2),
        Case("… logged in", _gets(week, mentees), PAGE, 2),
        Case("… 1 day", _gets([f"{page}?days=1&from={monday}" for page in week]), PAGE),
        Case("… 31 days", _gets([f"{page}?days=31" for page in week]), PAGE),
        Case("… of a mentor with 112 times a week", _gets([long_week]), PAGE),
        Case("search", _gets([reverse("mentors:list")]), PAGE),
        Case("start page", _gets([reverse("home")]), PAGE),
        Case("my bookings", _gets([reverse("bookings:list")], mentees), PAGE),
        Case("earnings", _gets([earnings], owners), PAGE),
        Case("earnings with 10,000 transactions", _gets([earnings], [_cookies(rich)]), PAGE, 3),
        Case("… one of which has moved within a minute", _moving(earnings, world), PAGE),
        Case("booking by page", _booking_by_page(free), INSERT, 4),
        Case("booking by API", _booking_by_api(free), INSERT, 4),
        Case("free trial by API: booked, room and two mails queued", _trials(free), INSERT),
        Case("webhook answered", webhooks(), INSERT, 2),
        Case("API: a week of slots", _gets(slots), ANSWER, 2),
        Case("API: 20 bookings", _gets(["/api/v1/bookings"], _bearers(world)), ANSWER, 2),
    ]


def week_pages(world: World) -> Iterator[Ask]:
    """The pages of some mentors in turns, to nobody known."""
    return _gets(_addresses(world))


def _addresses(world: World) -> list[str]:
    return [reverse("mentors:detail", args=[mentor.slug]) for mentor in world.mentors[:LOOKED_AT]]


def _gets(paths: list[str], headers: list[dict[str, str]] | None = None) -> Iterator[Ask]:
    whose = cycle(headers or [{}])
    for path in cycle(paths):
        yield Ask(path, headers=next(whose))


def _moving(path: str, world: World) -> Iterator[Ask]:
    """The page of the long account, a row of which changes before each look."""
    rows = Transaction.objects.filter(mentor=world.rich)
    row, headers = rows.latest("pk").pk, _cookies(world.rich.user)
    while True:
        rows.filter(pk=row).update(updated_at=times.now())
        yield Ask(path, headers=headers)


def _session(user: User) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session


def _cookies(user: User) -> dict[str, str]:
    key = _session(user).session_key
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}={CSRF}"}


def _bearer(user: User) -> dict[str, str]:
    token = tokens.create_access_token(user, _session(user), {})
    return {"Authorization": f"Bearer {token}"}


def _bearers(world: World) -> list[dict[str, str]]:
    """Mentors: they have more than twenty bookings."""
    return [_bearer(mentor.user) for mentor in world.mentors[:LOOKED_AT]]


def _booking_by_page(free: Iterator[tuple[MentorProfile, User, dt.datetime]]) -> Iterator[Ask]:
    for mentor, mentee, starts_at in free:
        typed = {
            "csrfmiddlewaretoken": CSRF,
            "starts_at": times.format_instant(starts_at),
            "duration_minutes": 60,
            "session_type": "one_on_one",
            "notes": "How do I begin?",
        }
        page = reverse("bookings:book", args=[mentor.slug])
        body = urlencode(typed).encode()
        yield Ask(page, "POST", body, FORM | _cookies(mentee), status=302)


def _booking_by_api(
    free: Iterator[tuple[MentorProfile, User, dt.datetime]], *, minutes: int = 60
) -> Iterator[Ask]:
    kind = "one_on_one" if minutes == 60 else "trial"
    for mentor, mentee, starts_at in free:
        wanted = {
            "mentor_id": mentor.pk,
            "scheduled_at": times.format_instant(starts_at),
            "duration_minutes": minutes,
            "session_type": kind,
            "notes": "How do I begin?",
        }
        body = json.dumps(wanted).encode()
        yield Ask("/api/v1/bookings", "POST", body, JSON | _bearer(mentee), status=201)


def _trials(free: Iterator[tuple[MentorProfile, User, dt.datetime]]) -> Iterator[Ask]:
    return _booking_by_api(free, minutes=30)


def webhooks() -> Iterator[Ask]:
    """Events that Stripe has signed just now, each another one."""
    run = secrets.token_hex(4)
    for number in count():
        event = {
            "id": f"evt_{run}{number}",
            "object": "event",
            "api_version": "2026-05-27.dahlia",
            "type": "payment_intent.succeeded",
            "created": int(time.time()),
            "livemode": settings.STRIPE_LIVE_MODE,
            "data": {"object": INTENT | {"id": f"pi_bench{number}"}},
        }
        body = json.dumps(event).encode()
        stamp = int(time.time())
        key = settings.STRIPE_WEBHOOK_SECRET.encode()
        signature = hmac.new(key, b"%d." % stamp + body, sha256).hexdigest()
        signed = {"Stripe-Signature": f"t={stamp},v1={signature}"}
        yield Ask("/api/v1/payments/webhook", "POST", body, JSON | signed)


# As long as Stripe's own: it is read, checked and stored whole.
INTENT = {
    "object": "payment_intent",
    "amount": 6000,
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 6000,
    "automatic_payment_methods": None,
    "capture_method": "automatic_async",
    "confirmation_method": "automatic",
    "created": 1780000000,
    "currency": "eur",
    "description": None,
    "latest_charge": "ch_bench",
    "livemode": False,
    "metadata": {"transaction": "a" * 22, "booking": "b" * 22},
    "payment_method": "pm_bench",
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "shipping": None,
    "statement_descriptor": None,
    "status": "succeeded",
    "transfer_group": "b" * 22,
}
