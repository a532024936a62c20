"""The hosted payment page and the bank's question, as a browser without JavaScript meets them."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client

from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import CANCEL, World, fill_in

SITE = "http://localhost:8000"


def path_of(session: object) -> str:
    return session.url.removeprefix(SITE)


def test_page_has_exactly_the_fields_and_buttons_of_the_contract(world: World) -> None:
    page = Client().get(path_of(world.session())).text
    assert re.findall(r'<input[^>]* name="(\w+)"', page) == [
        "card_number",
        "exp_month",
        "exp_year",
        "cvc",
        "name",
    ]
    assert re.findall(r'name="action" value="(\w+)"', page) == ["pay", "cancel"]
    assert page.count("<form") == 1
    assert "€60.00" in page
    assert "60 minutes with Ada" in page
    assert "Test payments" in page


def test_page_speaks_the_language_of_its_session(world: World) -> None:
    asked = {"Accept-Language": "en"}
    page = Client().get(path_of(world.session(locale="de")), headers=asked).text
    assert '<html lang="de">' in page
    page = Client().get(path_of(world.session()), headers=asked).text
    assert '<html lang="en">' in page


def test_pages_are_for_the_strictest_policy(world: World) -> None:
    page = Client().get(path_of(world.session()))
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page.text)


def test_paying_leads_to_the_success_address_with_the_sessions_id(world: World) -> None:
    session = world.session()
    answer = fill_in(session.url, Client(enforce_csrf_checks=True))
    assert answer.status_code == 302
    assert answer["Location"] == f"{SITE}/paid/?session={session.id}"
    charge = world.charge_of(session.id)
    assert (charge.amount, charge.billing_details.name) == (6000, "Mia Mentee")


def test_cancel_leads_back_and_leaves_the_session_open(world: World) -> None:
    session = world.session()
    answer = fill_in(session.url, action="cancel", card_number="")
    assert (answer.status_code, answer["Location"]) == (302, CANCEL)
    assert world.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert not StripeObject.objects.filter(type="payment_intent").exists()


@pytest.mark.parametrize(
    ("number", "words", "code"),
    [
        ("4000000000000002", "Your card was declined.", "generic_decline"),
        ("4000000000009995", "insufficient funds", "insufficient_funds"),
        ("4000000000000069", "has expired", "expired_card"),
        ("6011111111111117", "non test card", "test_mode_live_card"),
    ],
)
def test_refused_card_can_be_replaced_on_the_same_page(
    world: World, number: str, words: str, code: str
) -> None:
    session = world.session()
    answer = fill_in(session.url, card_number=number)
    assert answer.status_code == 402
    assert words in answer.text
    assert f'value="{number}"' in answer.text
    intent = world.stripe.v1.payment_intents.list().data[0]
    assert (intent.status, intent.last_payment_error.decline_code) == (
        "requires_payment_method",
        code,
    )
    assert fill_in(session.url).status_code == 302
    assert len(world.stripe.v1.payment_intents.list().data) == 1
    assert [each.status for each in world.stripe.v1.charges.list().data] == ["succeeded", "failed"]
    assert testing.books_add_up()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"card_number": "4242 4242 4242 4241"}, "Your card number is invalid."),
        ({"card_number": "4242"}, "Your card number is incomplete."),
        ({"card_number": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"}, "Your card number is incomplete."),
        ({"exp_month": "13"}, "Enter a month from 1 to 12."),
        ({"exp_year": "203"}, "Enter the year, such as 2034."),
        ({"exp_year": "2020"}, "Your card&#x27;s expiration date is in the past."),
        ({"exp_year": "2099"}, "Your card&#x27;s expiration year is invalid."),
        ({"cvc": "1"}, "Your card&#x27;s security code is incomplete."),
        ({"name": " "}, "Enter the name on the card."),
    ],
)
def test_form_that_is_filled_in_wrongly_comes_back_as_typed(
    world: World, changes: dict[str, str], words: str
) -> None:
    session = world.session()
    answer = fill_in(session.url, **({"name": "<b>Mia</b>"} | changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    if "name" not in changes:
        assert 'value="&lt;b&gt;Mia&lt;/b&gt;"' in answer.text
    assert not StripeObject.objects.filter(type="charge").exists()


def test_short_year_is_of_this_century(world: World) -> None:
    session = world.session()
    assert fill_in(session.url, exp_year="34").status_code == 302
    assert world.charge_of(session.id).payment_method_details.card.exp_year == 2034


def test_double_click_pays_once_and_both_arrive(world: World) -> None:
    session = world.session()
    first, second = fill_in(session.url), fill_in(session.url)
    assert first["Location"] == second["Location"]
    assert len(world.stripe.v1.charges.list().data) == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_pay_once(world: World) -> None:
    session = world.session()
    barrier = Barrier(4)

    def click(_: int) -> str:
        barrier.wait()
        try:
            return str(fill_in(session.url)["Location"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        places = set(pool.map(click, range(4)))
    assert places == {f"{SITE}/paid/?session={session.id}"}
    assert len(world.stripe.v1.charges.list().data) == 1
    assert testing.event_types().count("checkout.session.completed") == 1


def test_bank_asks_and_the_payment_goes_through(world: World) -> None:
    session = world.session()
    answer = fill_in(session.url, card_number="4000002500003155")
    assert answer.status_code == 302
    question = answer["Location"]
    page = Client().get(question)
    assert "€60.00" in page.text
    assert re.findall(r'name="action" value="(\w+)"', page.text) == ["authenticate", "fail"]
    assert world.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    answer = Client().post(question, {"action": "authenticate"})
    assert answer["Location"] == f"{SITE}/paid/?session={session.id}"
    assert world.charge_of(session.id).paid
    assert "Nothing to confirm" in Client().post(question, {"action": "authenticate"}).text
    assert len(world.stripe.v1.charges.list().data) == 1


def test_who_has_nothing_to_answer_goes_on_where_it_stands(world: World) -> None:
    paid, expired = world.session(), world.session()
    asks = "4000002500003155"
    pages = [fill_in(session.url, card_number=asks)["Location"] for session in (paid, expired)]
    Client().post(pages[0], {"action": "authenticate"})
    world.stripe.v1.checkout.sessions.expire(expired.id)
    _, invoice, _ = world.past_due()
    pages.append(fill_in(str(invoice.hosted_invoice_url), card_number=asks)["Location"])
    Client().post(pages[2], {"action": "fail"})
    nexts = [
        re.findall(r'class="button" href="([^"]+)"', Client().get(page).text) for page in pages
    ]
    assert nexts == [[f"{SITE}/paid/?session={paid.id}"], [CANCEL], [invoice.hosted_invoice_url]]


def test_failed_authentication_leaves_room_for_another_card(world: World) -> None:
    session = world.session()
    question = fill_in(session.url, card_number="4000002500003155")["Location"]
    answer = Client().post(question, {"action": "fail"})
    assert answer.status_code == 402
    assert "unable to authenticate" in answer.text
    assert testing.event_types()[-1] == "payment_intent.payment_failed"
    assert fill_in(session.url).status_code == 302


def test_session_that_ended_while_the_page_was_open(world: World, freeze: Freeze) -> None:
    clock = freeze()
    session = world.session()
    question = fill_in(session.url, card_number="4000002500003155")["Location"]
    clock.shift(dt.timedelta(days=1))
    for answer in (
        Client().get(path_of(session)),
        fill_in(session.url),
        Client().post(question, {"action": "authenticate"}),
    ):
        assert "This page has expired" in answer.text
        assert f'href="{CANCEL}"' in answer.text
    assert world.stripe.v1.charges.list().data == []


def test_paid_page_says_so_and_leads_on(world: World) -> None:
    session = world.session()
    testing.pay(session.id)
    page = Client().get(path_of(session)).text
    assert "This has been paid" in page
    assert f'href="{SITE}/paid/?session={session.id}"' in page
    assert "<form" not in page


def test_unknown_pages_are_not_there(world: World) -> None:
    for path in ("checkout/cs_test_1/", "authenticate/pi_1/", "onboarding/x/"):
        assert Client().get(f"/_stripe/{path}").status_code == 404
