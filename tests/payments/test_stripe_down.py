"""Which pages ask Stripe, and how they answer when Stripe doesn't; all others don't notice."""

import ast
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import pytest
import stripe
from django.conf import settings
from django.urls import reverse

from bookings.models import Booking
from payments import services, stripe_service
from payments.models import PaymentAccount, Subscription, Transaction
from payments.stripe_emulator import testing
from tests.factories import MentorFactory, PlanFactory, UserFactory

ROOT = Path(settings.BASE_DIR)
OUTAGES = ["connection", "timeout", "429", "500", "answer_lost"]
# Every view, endpoint and staff action that asks Stripe while someone waits.
ASK_STRIPE = {
    "payments/views/pay.py": {"pay", "paid"},
    "payments/views/saved_card.py": {"pay_saved"},
    "payments/views/connect.py": {"onboard", "onboarding_return"},
    "payments/views/tips.py": {"give", "given"},
    "payments/views/subscriptions.py": set("subscribe subscribed cancel resume pay card".split()),
    "payments/views/subscribers.py": {"end"},
    "payments/api.py": {"onboard", "checkout", "tip", "subscribe", "cancel_subscription"},
    "payments/admin/money.py": {"send_again", "send", "ask_stripe", "ask"},
    "bookings/views/changes.py": {"cancel", "confirm"},
    "bookings/api/bookings.py": {"cancel", "confirm"},
    "bookings/admin.py": {"cancel", "cancelled"},
}


# --- Read from the source: who asks ------------------------------------------------------


def functions(path: Path) -> dict[str, ast.AST]:
    """By name; what bears the same name in one file (an action of two admins, say) is one."""
    found: dict[str, ast.Module] = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, ast.Module([], [])).body.append(node)
    return dict(found)


def calls(function: ast.AST) -> Iterator[ast.expr]:
    return (node.func for node in ast.walk(function) if isinstance(node, ast.Call))


def name_of(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def asks_itself(function: ast.AST) -> bool:
    """Uses the gateway for more than to check a signature, or lets dj-stripe fetch."""
    names = [name_of(called) for called in calls(function)]
    gateways = names.count("StripeService") - names.count("handle_webhook")
    return gateways > 0 or "sync_event" in names


@cache
def verbs_that_ask() -> frozenset[str]:
    """The functions of payments from which a call to Stripe is reached; a task ends that."""
    files = [*ROOT.glob("payments/services/*.py"), *ROOT.glob("payments/handlers/*.py")]
    found = {name: body for path in files for name, body in functions(path).items()}
    asking = {name for name, body in found.items() if asks_itself(body)}
    while more := {
        name
        for name, body in found.items()
        if name not in asking and asking & {name_of(called) for called in calls(body)}
    }:
        asking |= more
    return frozenset(asking & set(services.__all__))


def of_payments(path: Path) -> set[str]:
    """By which names a module calls the verbs of payments."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "payments":
            names |= {a.asname or a.name for a in node.names if a.name == "services"}
        if isinstance(node, ast.ImportFrom) and node.module == "payments.services":
            names |= {a.asname or a.name for a in node.names}
    return names


def asks(function: ast.AST, names: set[str]) -> bool:
    verbs = verbs_that_ask()
    for called in calls(function):
        if isinstance(called, ast.Name) and called.id in names & verbs:
            return True
        of = called.value if isinstance(called, ast.Attribute) else None
        if isinstance(of, ast.Name) and of.id in names and name_of(called) in verbs:
            return True
    return False


def faces() -> list[Path]:
    apps = [ROOT / "payments", ROOT / "bookings", ROOT / "sessions_app", ROOT / "reviews"]
    apps += [path for path in (ROOT / "mentormatch").iterdir() if path.is_dir()]
    kinds = (
        "views.py",
        "views/*.py",
        "api.py",
        "api/*.py",
        "admin.py",
        "admin/*.py",
        "templatetags/*.py",
    )
    kinds += ("middleware.py", "context.py", "forms.py", "forms/*.py")
    return [path for app in apps for kind in kinds for path in app.glob(kind)]


def test_only_the_named_pages_ask_stripe():
    assert {"open_checkout", "settle", "call_off", "start_onboarding"} <= verbs_that_ask()
    assert not {"receive", "refund_by_staff", "request_refund", "handle_again"} & verbs_that_ask()
    found = {}
    for path in faces():
        names = of_payments(path)
        asking = {name for name, body in functions(path).items() if asks(body, names)}
        if asking:
            found[str(path.relative_to(ROOT))] = asking
        assert "StripeService" not in path.read_text()
    assert len(faces()) > 20
    assert found == ASK_STRIPE


# --- Seen while they are used ------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Every request to Stripe, as it goes out."""
    client, seen = type(stripe.default_http_client), []
    send = client.request

    def request(self, method, url, *args, **kwargs):
        seen.append(f"{method} {url}")
        return send(self, method, url, *args, **kwargs)

    monkeypatch.setattr(client, "request", request)
    return seen


def test_a_silent_stripe_is_given_up_soon():
    """Of connecting and reading; a page below makes one such call before it answers."""
    assert sum(stripe_service.TIMEOUT_SECONDS) <= 8


@pytest.mark.django_db
def test_pages_that_need_no_stripe_do_not_notice(login, api, booking, opened, asked):
    asked.clear()
    code, mentor = booking.code, booking.mentor
    for client in (login(booking.mentee), login(mentor.user)):
        for address in (
            "/",
            reverse("mentors:list"),
            reverse("mentors:detail", args=[mentor.slug]),
            reverse("bookings:list"),
            reverse("bookings:detail", args=[code]),
            reverse("bookings:cancel", args=[code]),
        ):
            with testing.outage("timeout"):
                assert client.get(address).status_code == 200, address
    with testing.outage("timeout"):
        assert login(booking.mentee).get(reverse("payments:pay", args=[code])).status_code == 200
        for name in ("payments:payouts", "payments:earnings", "bookings:dashboard"):
            assert login(mentor.user).get(reverse(name)).status_code == 200
        for path in ("bookings", f"bookings/{code}", "payments/transactions"):
            assert api(booking.mentee).get(f"/api/v1/{path}").status_code == 200
        assert api(mentor.user).get("/api/v1/payments/connect/status").status_code == 200
    assert asked == []


def bad_days(ask, asked, ended) -> None:
    """On each bad day one call goes out and the answer is in words; then it works."""
    for outage in OUTAGES:
        asked.clear()
        with testing.outage(outage):
            answer = ask()
        assert len(asked) == 1, (outage, asked)
        assert answer.status_code in ended, outage
        assert b"Traceback" not in answer.content
        assert len(answer.content) > 100 or answer.status_code == 302
    assert ask().status_code in {200, 302}


@pytest.mark.django_db
def test_the_payment_page(login, booking, asked):
    client, address = login(booking.mentee), reverse("payments:pay", args=[booking.code])
    bad_days(lambda: client.post(address), asked, {502})
    testing.pay(Transaction.objects.get().stripe_checkout_session_id)
    services.settle(booking=booking)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED


@pytest.mark.django_db
def test_the_way_back_from_stripe(login, booking, opened, asked):
    client, address = login(booking.mentee), reverse("payments:return", args=[booking.code])
    testing.pay(opened.stripe_checkout_session_id)
    bad_days(lambda: client.get(address), asked, {502})
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["page", "api"])
def test_giving_up_what_is_to_pay(login, api, booking, opened, asked, monkeypatch, door):
    page, endpoint = login(booking.mentee), api(booking.mentee)

    def ask():
        if door == "page":
            return page.post(reverse("bookings:cancel", args=[booking.code]), {"reason": ""})
        return endpoint.put(f"/api/v1/bookings/{booking.code}/cancel")

    bad_days(ask, asked, {502})
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CANCELLED


@pytest.mark.django_db
@pytest.mark.parametrize(("door", "ended"), [("page", {302}), ("api", {502})])
def test_accepting_what_is_authorised(login, api, asks, asked, door, ended):
    """The mentor's yes is kept from the first time on, whatever Stripe does."""
    page, endpoint = login(asks.mentor.user), api(asks.mentor.user)

    def ask():
        if door == "page":
            return page.post(reverse("bookings:confirm", args=[asks.code]))
        return endpoint.put(f"/api/v1/bookings/{asks.code}/confirm")

    bad_days(ask, asked, ended)
    asks.refresh_from_db()
    assert asks.status == Booking.Status.CONFIRMED
    assert Transaction.objects.get().status == Transaction.Status.SUCCEEDED


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["page", "api"])
def test_declining_and_withdrawing_need_no_stripe(login, api, asks, asked, door):
    asked.clear()
    with testing.outage("timeout"):
        if door == "page":
            login(asks.mentor.user).post(reverse("bookings:decline", args=[asks.code]))
        else:
            api(asks.mentee).put(f"/api/v1/bookings/{asks.code}/cancel")
    asks.refresh_from_db()
    assert (asks.status, asked) == (Booking.Status.CANCELLED, [])


@pytest.mark.django_db
def test_setting_up_payouts(login, asked):
    mentor = MentorFactory(is_payable=False)
    client = login(mentor.user)
    bad_days(lambda: client.post(reverse("payments:onboard")), asked, {502})
    testing.complete_onboarding(PaymentAccount.objects.get().stripe_account_id)
    bad_days(lambda: client.get(reverse("payments:onboarding_return")), asked, {302})
    mentor.refresh_from_db()
    assert mentor.is_payable


@pytest.mark.django_db
def test_the_api(api, booking, asked):
    client = api(booking.mentee)
    body = {"booking_id": booking.code}

    def ask():
        return client.post("/api/v1/payments/checkout", body, content_type="application/json")

    bad_days(ask, asked, {502})
    mentor = api(MentorFactory(is_payable=False).user)
    bad_days(lambda: mentor.post("/api/v1/payments/connect/onboard"), asked, {502})


@pytest.mark.django_db
def test_giving_a_tip_and_the_way_back(login, met, asked):
    client, address = login(met.mentee), reverse("payments:tip", args=[met.seat.session.code])
    bad_days(lambda: client.post(address, {"amount": "5"}), asked, {502})
    row = Transaction.objects.get()
    testing.pay(row.stripe_checkout_session_id)
    back = reverse("payments:tip_given", args=[row.tip.code])
    bad_days(lambda: client.get(back), asked, {502})
    row.refresh_from_db()
    assert row.status == Transaction.Status.SUCCEEDED


@pytest.mark.django_db
def test_subscribing_and_the_way_back(login, mentor, asked):
    plan, mentee = PlanFactory(mentor=mentor), UserFactory()
    client, address = login(mentee), reverse("payments:subscribe", args=[plan.code])
    bad_days(lambda: client.post(address, {"interval": "monthly"}), asked, {502})
    row = Subscription.objects.get()
    testing.pay(row.stripe_checkout_session_id)
    back = reverse("payments:subscribed", args=[row.code])
    bad_days(lambda: client.get(back), asked, {302})
    row.refresh_from_db()
    assert row.status == Subscription.Status.ACTIVE


@pytest.mark.django_db
def test_cancelling_and_resuming_a_subscription(login, mentor, asked):
    mentee = UserFactory()
    plan = PlanFactory(mentor=mentor)
    row = services.subscribe(plan=plan, mentee=mentee, interval="monthly")
    testing.pay(row.stripe_checkout_session_id)
    services.settle_subscription(subscription=row, by=mentee)
    client = login(mentee)
    for verb, wanted in (("cancel", True), ("resume", False)):
        address = reverse(f"payments:subscription_{verb}", args=[row.code])
        bad_days(partial(client.post, address), asked, {302})
        row.refresh_from_db()
        assert row.cancel_at_period_end is wanted
