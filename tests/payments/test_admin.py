"""Staff see the money, filter it, and act through the services."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from djstripe.models import Account

from mentormatch import times
from mentormatch.errors import Conflict
from payments import services
from payments.models import PaymentAccount, Reversal, SavedCard, Transaction, WebhookEvent
from payments.services import ledger, transfers
from tests.factories import (
    BookingFactory,
    DisputeFactory,
    SavedCardFactory,
    TransactionFactory,
    UserFactory,
    WebhookEventFactory,
)
from tests.payments.money import child

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(login):
    return login(UserFactory(staff=True))


def changelist(model):
    return reverse(f"admin:payments_{model._meta.model_name}_changelist")


def act(client, model, action, *rows, **data):
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(changelist(model), chosen | data, follow=True)


@pytest.mark.parametrize("model", [Transaction, PaymentAccount, WebhookEvent])
def test_rows_are_looked_at_and_not_edited(staff, booking, opened, model):
    WebhookEventFactory()
    row = model.objects.first()
    assert staff.get(changelist(model)).status_code == 200
    change = reverse(f"admin:payments_{model._meta.model_name}_change", args=[row.pk])
    page = staff.get(change)
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert staff.post(change, {"status": "succeeded"}).status_code == 403
    assert staff.get(reverse(f"admin:payments_{model._meta.model_name}_add")).status_code == 403


def test_what_needs_attention_is_filtered(staff):
    TransactionFactory()
    odd = TransactionFactory(needs_attention="Stripe refused this refund.")
    page = staff.get(changelist(Transaction), {"attention": "yes"})
    assert list(page.context["cl"].queryset) == [odd]
    WebhookEventFactory()
    page = staff.get(changelist(WebhookEvent), {"handled": "no"})
    assert page.context["cl"].queryset.count() == 1
    page = staff.get(changelist(WebhookEvent), {"handled": "yes"})
    assert page.context["cl"].queryset.count() == 0


def test_a_refund_needs_a_reason(staff, paid, run_tasks):
    assert b"Say why" in act(staff, Transaction, "refund", paid).content
    assert not paid.children.exists()
    act(staff, Transaction, "refund", paid, reason="the mentor was late")
    run_tasks()
    paid.refresh_from_db()
    assert (paid.status, paid.children.get().reason) == ("refunded", "the mentor was late")


@pytest.mark.parametrize(
    ("typed", "minor"), [("10.25", 1025), ("10,25", 1025), (" 7 ", 700), ("", 6000)]
)
def test_a_part_is_refunded(staff, paid, typed, minor):
    act(staff, Transaction, "refund", paid, reason="a bad line", amount=typed)
    assert [row.amount_minor for row in paid.children.refunds()] == [minor]
    entry = LogEntry.objects.get(object_id=str(paid.pk))
    assert paid.children.get().code in entry.change_message


@pytest.mark.parametrize("typed", ["ten", "-1", "0", "1.001", "60.01", "1e99", "NaN"])
def test_an_amount_that_is_none_refunds_nothing(staff, paid, typed):
    page = act(staff, Transaction, "refund", paid, reason="a bad line", amount=typed)
    assert '<li class="error">' in page.content.decode()
    assert not paid.children.exists()


def test_what_the_mentor_has_no_more_is_taken_back_later(staff, passed_on, run_tasks):
    payout = passed_on.children.payouts().get()
    ledger.open_refund(charge=passed_on, amount_minor=200, reason="a bad line", now=times.now())
    failed = Reversal.objects.create(
        payout=payout, amount_minor=180, currency="eur", status="failed", needs_attention="Refused."
    )
    page = staff.get(changelist(Reversal), {"attention": "yes"})
    assert list(page.context["cl"].queryset) == [failed]
    act(staff, Reversal, "send_again", failed)
    run_tasks()
    failed.refresh_from_db()
    assert failed.needs_attention == ""
    assert payout.reversals.exclude(pk=failed.pk).get().status == "succeeded"
    again = act(staff, Reversal, "send_again", payout.reversals.exclude(pk=failed.pk).get())
    assert b"already on its way or through" in again.content


def test_only_what_failed_is_sent_again(staff, paid):
    assert b"can be sent again" in act(staff, Transaction, "send_again", paid).content


def test_stripe_is_asked_about_an_account(staff, mentor):
    PaymentAccount.objects.update(transfers_active=False)
    account = PaymentAccount.objects.get()
    act(staff, PaymentAccount, "ask_stripe", account)
    account.refresh_from_db()
    assert account.transfers_active


def test_an_event_is_worked_on_again(staff, run_tasks):
    event = WebhookEventFactory(type="payment_method.attached")
    act(staff, WebhookEvent, "work_again", event)
    run_tasks()
    event.refresh_from_db()
    assert event.handled_at is not None


@pytest.mark.parametrize("factory", [TransactionFactory, WebhookEventFactory])
def test_what_was_looked_at_leaves_the_list_and_is_logged(staff, factory):
    row = factory(needs_attention="Odd: look at it.")
    act(staff, type(row), "looked_at", row)
    row.refresh_from_db()
    assert row.needs_attention == ""
    entry = LogEntry.objects.get(object_id=str(row.pk))
    assert entry.user.is_staff
    assert "Odd: look at it." in entry.change_message
    assert b"nothing to look at" in act(staff, type(row), "looked_at", row).content


def test_an_event_that_was_given_up_is_done_with(staff):
    row = WebhookEventFactory(needs_attention="This event was never worked on.")
    act(staff, WebhookEvent, "looked_at", row)
    row.refresh_from_db()
    assert None not in (row.handled_at, row.mirrored_at)


def test_what_still_holds_stays_on_the_list(staff):
    row = TransactionFactory(needs_attention=transfers.BLOCKED)
    assert b"still holds" in act(staff, Transaction, "looked_at", row).content
    row.refresh_from_db()
    assert row.needs_attention == transfers.BLOCKED


def test_what_came_in_meanwhile_was_not_looked_at():
    row = TransactionFactory(needs_attention="The first sentence.")
    Transaction.objects.update(needs_attention="Another one.")
    with pytest.raises(Conflict):
        services.settle_attention(row=row)
    row.refresh_from_db()
    assert row.needs_attention == "Another one."


def test_others_see_nothing(login):
    for model in (Transaction, PaymentAccount, WebhookEvent):
        answer = login(UserFactory()).get(changelist(model))
        assert answer.status_code == 302


def test_stripes_mirror_is_looked_at_and_not_edited(staff, paid):
    """Lists, searches and rows of what dj-stripe keeps; its own pages edit and delete."""
    of_mirror = [model for model in admin.site._registry if model._meta.app_label == "djstripe"]
    assert len(of_mirror) == 8
    for model in of_mirror:
        address = reverse(f"admin:djstripe_{model._meta.model_name}_changelist")
        assert staff.get(address, {"q": "cs_'"}).status_code == 200
        assert staff.get(f"{address}add/").status_code == 403
    account = Account.objects.earliest("pk")
    row = reverse("admin:djstripe_account_change", args=[account.pk])
    assert staff.get(row).status_code == 200
    assert staff.post(row, {"id": "acct_other"}).status_code == 403


def test_saved_cards_are_looked_at_and_removed_by_their_owners_alone(staff):
    card = SavedCardFactory(user__email="kept@example.org")
    SavedCardFactory()
    page = staff.get(changelist(SavedCard), {"q": "kept@example.org"})
    assert [row.pk for row in page.context["cl"].result_list] == [card.pk]
    assert str(card) in page.content.decode()
    address = reverse("admin:payments_savedcard_change", args=[card.pk])
    assert staff.get(address).status_code == 200
    for way in (address, reverse("admin:payments_savedcard_delete", args=[card.pk])):
        assert staff.post(way, {"last4": "0000", "post": "yes"}).status_code == 403


def test_staff_see_the_way_of_a_bookings_money_on_one_page(login, tipped, work):
    charge = TransactionFactory(booking=tipped.session_booking)
    refund = child(charge, "refund", 2000, 200)
    dispute = DisputeFactory(charge=charge)
    client = login(UserFactory(staff=True))
    for address in (
        reverse("admin:bookings_booking_change", args=[charge.booking_id]),
        reverse("admin:payments_transaction_change", args=[tipped.pk]),
    ):
        page = client.get(address).content.decode()
        for row in (charge, refund, dispute, tipped, tipped.children.payouts().get()):
            assert row.code in page
    free = BookingFactory(price_minor=0, platform_fee_minor=0)
    page = client.get(reverse("admin:bookings_booking_change", args=[free.pk]))
    assert "Nothing was paid." in page.content.decode()


def test_the_list_of_transactions_has_its_sums(login):
    for status in ("succeeded", "succeeded", "failed"):
        TransactionFactory(status=status)
    listing = reverse("admin:payments_transaction_changelist")
    client = login(UserFactory(staff=True))
    (line,) = client.get(listing).context["sums"]
    assert (line["count"], line["amount"], line["fee"]) == (2, "€120.00", "€12.00")
    assert client.get(f"{listing}?status__exact=failed").context["sums"] == []
    assert "Sums of this list" in client.get(f"{listing}?type__exact=booking").content.decode()
