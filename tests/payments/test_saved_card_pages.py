"""Paying with one click on the pages: the card is named, asked for, refused and removed."""

import pytest
from django.urls import reverse

from bookings.models import Booking
from mentormatch import times
from payments import services
from payments.models import SavedCard, Transaction
from payments.stripe_emulator import testing
from tests.factories import BookingFactory, UserFactory
from tests.payments.test_saved_card import ALWAYS, LATER, another, keep

pytestmark = pytest.mark.django_db


def page(client, booking) -> str:
    answer = client.get(reverse("payments:pay", args=[booking.code]))
    assert answer.status_code == 200
    return answer.content.decode()


def click(client, booking, **kwargs):
    return client.post(reverse("payments:pay_saved", args=[booking.code]), **kwargs)


def test_a_card_is_kept_by_ticking_the_box_and_pays_the_next_session(booking, login):
    client = login(booking.mentee)
    assert "save_card" in page(client, booking)
    client.post(reverse("payments:pay", args=[booking.code]), {"save_card": "on"})
    testing.pay(Transaction.objects.get().stripe_checkout_session_id)
    client.get(reverse("payments:return", args=[booking.code]))
    upcoming = another(booking)
    assert "Visa ···· 4242" in page(client, upcoming)
    answer = click(client, upcoming, follow=True)
    assert "Paid and confirmed" in answer.content.decode()
    upcoming.refresh_from_db()
    assert upcoming.status == Booking.Status.CONFIRMED


def test_without_the_box_nothing_is_kept(booking, login):
    client = login(booking.mentee)
    client.post(reverse("payments:pay", args=[booking.code]))
    testing.pay(Transaction.objects.get().stripe_checkout_session_id)
    client.get(reverse("payments:return", args=[booking.code]))
    assert not SavedCard.objects.exists()
    assert "····" not in page(client, another(booking))


def test_a_bank_that_wants_to_see_the_cardholder_does_so_at_stripe(booking, login):
    keep(booking, ALWAYS)
    upcoming = another(booking)
    answer = click(login(booking.mentee), upcoming)
    row = upcoming.transactions.get(status="pending")
    assert (answer.status_code, answer.url) == (302, row.checkout_url)


def test_a_card_that_is_refused_leaves_the_way_to_stripe(booking, login):
    keep(booking, LATER)
    upcoming = another(booking)
    client = login(booking.mentee)
    answer = click(client, upcoming)
    assert answer.status_code == 502
    assert "Your bank declined this card" in answer.content.decode()
    assert client.post(reverse("payments:pay", args=[upcoming.code])).status_code == 302


@pytest.mark.parametrize("outage", ["connection", "answer_lost"])
def test_while_it_is_unknown_only_the_same_may_be_tried(booking, login, outage):
    keep(booking)
    upcoming, client = another(booking), login(booking.mentee)
    with testing.outage(outage):
        answer = click(client, upcoming)
    assert answer.status_code == 502
    body = answer.content.decode()
    assert reverse("payments:pay_saved", args=[upcoming.code]) in body
    assert f'action="{reverse("payments:pay", args=[upcoming.code])}"' not in body
    click(client, upcoming)
    upcoming.refresh_from_db()
    assert upcoming.status == Booking.Status.CONFIRMED


def test_consent_to_the_rule_is_kept_from_one_click_as_well(booking, login):
    keep(booking)
    upcoming, client = another(booking), login(booking.mentee)
    assert "saved_consent" in page(client, upcoming)
    click(client, upcoming, data={"consent": "on"})
    upcoming.refresh_from_db()
    assert upcoming.consented_at


def test_others_can_neither_see_nor_use_it(booking, login):
    keep(booking)
    upcoming = another(booking)
    assert click(login(UserFactory()), upcoming).status_code == 404
    assert click(login(upcoming.mentor.user), upcoming).status_code == 403
    other = BookingFactory(mentor=booking.mentor, to_pay=True, starts_at=upcoming.ends_at)
    client = login(other.mentee)
    assert "4242" not in page(client, other)
    assert click(client, other).status_code == 409
    assert client.get(reverse("payments:pay_saved", args=[other.code])).status_code == 405


@pytest.mark.parametrize("where", ["settings", "pay"])
def test_it_is_removed_from_the_settings_or_while_paying(booking, login, where):
    keep(booking)
    upcoming, client = another(booking), login(booking.mentee)
    assert "Visa ···· 4242" in client.get(reverse("accounts:settings")).content.decode()
    asked = {"booking": upcoming.code} if where == "pay" else {}
    answer = client.post(reverse("payments:card_remove"), asked, follow=True)
    assert "Your card is removed." in answer.content.decode()
    assert "4242" not in answer.content.decode()
    assert answer.request["PATH_INFO"] == (
        reverse("payments:pay", args=[upcoming.code]) if asked else reverse("accounts:settings")
    )


def test_a_card_that_has_expired_is_not_offered(booking, login):
    keep(booking)
    SavedCard.objects.update(exp_year=times.now().year - 1)
    upcoming = another(booking)
    assert "4242" not in page(login(booking.mentee), upcoming)


def test_a_box_that_is_ticked_while_stripe_is_away_is_tried_again(booking, login):
    client, address = login(booking.mentee), reverse("payments:pay", args=[booking.code])
    with testing.outage("connection"):
        assert client.post(address, {"save_card": "on"}).status_code == 502
    assert client.post(address, {"save_card": "on"}).status_code == 302
    assert Transaction.objects.get().saves_card
    services.settle(booking=booking)
