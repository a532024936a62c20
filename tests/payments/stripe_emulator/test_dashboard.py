"""The dashboard: what it shows, what its buttons and switches do, and to whom it is there."""

import re
from importlib import reload
from typing import Any

import pytest
import stripe
from django.test import Client
from django.urls import reverse

from payments.stripe_emulator import acts, outage, outbox, switches, testing, urls
from payments.stripe_emulator.models import Delivery, Mode, StripeObject
from payments.stripe_emulator.outbox import Outcome
from tests.payments.stripe_emulator.world import World

DESK = "/_stripe/dashboard/"
SWITCHES = {"mode": "", "seconds": "3", "repeat": "0", "delay": "0", "drop": ""}


def act(name: str, stripe_id: str) -> int:
    return Client().post(reverse("stripe_emulator:act"), {"act": name, "id": stripe_id}).status_code


def turn(**values: str) -> int:
    sent = SWITCHES | {"action": "turn"} | values
    return Client().post(reverse("stripe_emulator:switches"), sent).status_code


def page() -> str:
    answer = Client().get(DESK)
    assert answer.status_code == 200
    return answer.content.decode()


def buttons(stripe_id: str) -> set[str]:
    """The buttons that stand beside that object."""
    forms = re.findall(r"<form.*?</form>", page(), re.DOTALL)
    (mine,) = [form for form in forms if f'value="{stripe_id}"' in form] or [""]
    return set(re.findall(r'name="act" value="(\w+)"', mine))


def test_an_empty_one_says_what_is_to_come(world: World) -> None:
    text = page()
    for words in ("The platform", "holds nothing", "Nobody has paid", "Nothing has happened yet"):
        assert words in text


def test_it_shows_what_there_is(world: World) -> None:
    account = world.account()
    charge = world.paid()
    world.stripe.v1.refunds.create({"charge": charge.id, "amount": 1000})
    world.transferred(charge, 4000, account.id)
    text = page()
    for words in ("€60.00", "€10.00 given back", "€40.00 on the way", "mentor@example.com"):
        assert words in text
    for kind in ("charge.refunded", "transfer.created", "waiting"):
        assert kind in text
    assert re.search(r">\d{4}-\d\d-\d\d \d\d:\d\d UTC</time>", text)


def test_what_is_only_authorised_is_not_said_to_be_paid(world: World) -> None:
    labels = {"booking": "b-17"}
    held = world.stripe.v1.payment_intents.create(
        {
            "amount": 2000,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            "metadata": labels,
        }
    )
    text = page()
    assert "tag-uncaptured" in text
    assert "booking b-17" in text
    world.stripe.v1.payment_intents.cancel(held.id)
    text = page()
    assert "tag-canceled" in text
    assert "given back" not in text


def test_a_payment_is_disputed_and_the_bank_decides(world: World) -> None:
    charge = world.paid()
    assert buttons(charge.id) == {"dispute", "inquire"}
    assert act("dispute", charge.id) == 302
    (dispute,) = world.stripe.v1.disputes.list().data
    assert buttons(charge.id) == set()
    assert buttons(dispute.id) == {"win", "lose"}
    assert act("win", dispute.id) == 302
    assert world.stripe.v1.disputes.retrieve(dispute.id).status == "won"
    assert act("lose", dispute.id) == 409
    assert testing.books_add_up()


def test_a_bank_asks_about_a_payment_and_then_wants_it_back(world: World) -> None:
    assert act("inquire", world.paid().id) == 302
    (inquiry,) = world.stripe.v1.disputes.list().data
    assert buttons(inquiry.id) == {"escalate", "end_inquiry"}
    assert act("escalate", inquiry.id) == 302
    assert buttons(inquiry.id) == {"win", "lose"}
    assert act("end_inquiry", inquiry.id) == 409


def test_a_payout_is_made_arrives_and_comes_back(world: World) -> None:
    account = world.account()
    assert act("pay_out", account.id) == 409
    world.transferred(world.paid(card="4000000000000077"), 4000, account.id)
    assert act("pay_out", account.id) == 302
    payout = StripeObject.objects.get(type="payout")
    assert buttons(payout.stripe_id) == {"arrive", "fail_payout"}
    assert act("arrive", payout.stripe_id) == 302
    assert buttons(payout.stripe_id) == {"fail_payout"}
    assert act("fail_payout", payout.stripe_id) == 302
    assert buttons(payout.stripe_id) == set()
    assert "The bank account has been closed." in page()
    assert testing.books_add_up()


def test_an_account_is_restricted_restored_and_cut_off(world: World) -> None:
    account = world.account()
    assert buttons(account.id) == {"pay_out", "restrict", "cut_off"}
    assert act("restrict", account.id) == 302
    assert "Stripe wants individual.verification.document" in page()
    assert buttons(account.id) == {"restore", "cut_off"}
    assert act("restore", account.id) == 302
    assert world.stripe.v1.accounts.retrieve(account.id).payouts_enabled
    assert act("cut_off", account.id) == 302
    assert buttons(account.id) == set()
    assert act("restrict", account.id) == 409


def test_a_refund_comes_back(world: World) -> None:
    refund = world.stripe.v1.refunds.create({"charge": world.paid().id})
    assert act("fail_refund", refund.id) == 302
    assert world.stripe.v1.refunds.retrieve(refund.id).status == "failed"
    assert act("fail_refund", refund.id) == 409


def test_no_card_is_behind_a_transfer_that_was_taken_back(world: World) -> None:
    account = world.account()
    transfer = world.transferred(world.paid(), 1000, account.id)
    world.stripe.v1.transfers.reversals.create(transfer.id, {"amount": 500})
    theirs = StripeObject.objects.get(type="refund", account=account.id)
    assert act("fail_refund", theirs.stripe_id) == 409
    assert theirs.stripe_id not in page()
    with pytest.raises(stripe.InvalidRequestError, match="reverse the transfer"):
        world.stripe.v1.refunds.create(
            {"charge": str(transfer.destination_payment)}, {"stripe_account": account.id}
        )
    assert testing.books_add_up()


def test_an_event_is_sent_again(world: World) -> None:
    world.paid()
    outbox.deliver_due(100, send=lambda *_: Outcome(200, "OK"))
    assert not testing.waiting()
    event = StripeObject.objects.filter(type="event").latest("seq")
    assert act("send_again", event.stripe_id) == 302
    assert [row.event for row in testing.waiting()] == [event]


@pytest.mark.parametrize(
    "sent", [{}, {"act": "dispute", "id": "ch_none"}, {"act": "burn", "id": "ch_none"}]
)
def test_what_can_not_be_is_refused_in_words(world: World, sent: dict[str, str]) -> None:
    world.paid()
    before = StripeObject.objects.count()
    answer = Client().post(reverse("stripe_emulator:act"), sent)
    assert answer.status_code == 409
    assert "be done (any more)" in answer.content.decode()
    assert StripeObject.objects.count() == before


def test_each_act_names_a_kind_that_there_is() -> None:
    kinds = {"charge", "dispute", "payout", "refund", "account", "event"}
    assert {each.kind for each in acts.ACTS.values()} == kinds


# --- Switches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("connection", stripe.APIConnectionError),
        ("timeout", stripe.APIConnectionError),
        ("answer_lost", stripe.APIConnectionError),
        ("500", stripe.APIError),
        ("429", stripe.RateLimitError),
    ],
)
def test_stripe_fails_until_it_is_switched_off(
    world: World, mode: str, error: type[Exception]
) -> None:
    assert turn(mode=mode) == 302
    assert "some switches are on" in page()
    with pytest.raises(error):
        world.stripe.v1.customers.create({"name": "Mia"})
    assert StripeObject.objects.filter(type="customer").exists() == (mode == "answer_lost")
    assert turn(action="calm") == 302
    assert "some switches are on" not in page()
    assert world.stripe.v1.customers.create({"name": "Mia"}).id


def test_it_is_slow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("payments.stripe_emulator.outage.time.sleep", slept.append)
    turn(mode="slow", seconds="7")
    assert world.stripe.v1.customers.create({"name": "Mia"}).id
    assert slept == [7]


def test_each_mode_is_one_that_there_is() -> None:
    assert set(Mode.values) == {"", "500", "429", "slow", *outage.MESSAGES}


def test_a_switch_of_the_process_goes_before_them(world: World) -> None:
    turn(mode="connection")
    with testing.outage("429"), pytest.raises(stripe.RateLimitError):
        world.stripe.v1.customers.create({"name": "Mia"})


def test_events_come_twice_backwards_late_or_never(world: World) -> None:
    sent: list[str] = []

    def send(url: str, payload: bytes, headers: dict[str, str]) -> Outcome:
        sent.append(re.search(rb'"type": "([a-z_.]+)",?\n}', payload)[1].decode())  # type: ignore[index]  # each has one
        return Outcome(200, "OK")

    world.paid()
    assert turn(delay="60") == 302
    assert outbox.deliver_due(100, send=send) == 0
    told = [row.event.body["type"] for row in testing.waiting()]
    assert turn(repeat="1", reorder="on", drop="charge.succeeded\ncharge.succeeded") == 302
    assert switches.current().drop == ["charge.succeeded"]
    outbox.deliver_due(100, send=send)
    assert sent == [kind for kind in reversed(told) if kind != "charge.succeeded" for _ in "12"]
    assert Delivery.objects.filter(status="given_up").count() == 1


def test_the_first_answer_to_an_event_is_lost(world: World) -> None:
    world.stripe.v1.customers.create({"name": "Mia"})
    turn(lose_answer="on")
    assert outbox.deliver_due(send=lambda *_: Outcome(200, "OK")) == 0
    (delivery,) = testing.waiting()
    assert delivery.last_answer == "the answer was lost"
    Delivery.objects.update(due_at=0)
    assert outbox.deliver_due(send=lambda *_: Outcome(200, "OK")) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("mode", "gone"), ("seconds", "31"), ("repeat", "6"), ("delay", "-1"), ("repeat", "x")],
)
def test_a_switch_that_can_not_stand_so_is_refused(world: World, name: str, value: str) -> None:
    assert turn(**{name: value, "drop": "payout.paid"}) == 422
    assert switches.are_off(switches.current())


# --- To whom it is there -------------------------------------------------------------------------


def test_it_is_not_there_where_the_demo_is_open_to_the_world(settings: Any) -> None:
    settings.STRIPE_EMULATOR = settings.STRIPE_EMULATOR | {"dashboard": False}
    try:
        reload(urls)
        assert {"dashboard", "act", "switches"}.isdisjoint(each.name for each in urls.urlpatterns)
    finally:
        settings.STRIPE_EMULATOR = settings.STRIPE_EMULATOR | {"dashboard": True}
        reload(urls)
    assert "dashboard" in {each.name for each in urls.urlpatterns}


def test_its_forms_are_protected_against_forgery(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    for name in ("act", "switches"):
        assert strict.post(reverse(f"stripe_emulator:{name}"), {}).status_code == 403
    assert strict.get(DESK).status_code == 200
    assert strict.get(reverse("stripe_emulator:act")).status_code == 405
