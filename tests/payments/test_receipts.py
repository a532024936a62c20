"""What a payer and a mentor can put on paper, and the payer's own list."""

import datetime as dt

import pytest
from django.urls import reverse

from mentormatch import times
from payments import statements
from payments.models import Transaction
from tests.factories import BookingFactory, MentorFactory, TransactionFactory, UserFactory
from tests.pages import assert_clean
from tests.payments.money import child
from tests.payments.test_earnings import BERLIN, charge, tip

pytestmark = pytest.mark.django_db
Status, Type = Transaction.Status, Transaction.Type
OCTOBER = dt.date(2026, 10, 1)
ACCOUNT = reverse("payments:account")


def receipt_of(row):
    return reverse("payments:receipt", args=[row.code])


def october(day, hour=12):
    return dt.datetime(2026, 10, day, hour, tzinfo=dt.UTC)


def test_a_receipt_says_what_was_paid_and_what_went_back(login, mentor):
    row = charge(mentor, status=Status.PARTIALLY_REFUNDED)
    back = child(row, Type.REFUND, 2000, 200)
    child(row, Type.REFUND, 1500, 150, status=Status.FAILED, succeeded_at=None)
    child(row, Type.PAYOUT, 3600)
    page = login(row.mentee).get(receipt_of(row))
    text = page.content.decode()
    assert_clean(page)
    for words in (row.code, back.code, "€60.00", "€20.00", "€40.00", row.mentee.email, mentor.name):
        assert words in text
    for words in ("15.00", "36.00", "54.00", "6.00 "):
        assert words not in text


def test_a_receipt_is_in_the_readers_language(login, mentor):
    row = charge(mentor)
    type(row.mentee).objects.filter(pk=row.mentee_id).update(language="de")
    text = login(row.mentee).get(receipt_of(row)).content.decode()
    assert "60,00 €" in text.replace("\u00a0", " ")
    assert "Quittung" in text


def test_a_tip_has_its_receipt(login, mentor):
    row = tip(mentor, 700)
    assert "Tip for" in login(row.mentee).get(receipt_of(row)).content.decode()


def test_a_receipt_is_the_payers(client, login, mentor):
    row = charge(mentor)
    assert client.get(receipt_of(row)).status_code == 302
    assert login(UserFactory()).get(receipt_of(row)).status_code == 404
    assert login(mentor.user).get(receipt_of(row)).status_code == 403


@pytest.mark.parametrize("status", [Status.PENDING, Status.PROCESSING, Status.FAILED])
def test_what_was_not_paid_has_none(login, mentor, status):
    row = charge(mentor, status=status, succeeded_at=None)
    assert login(row.mentee).get(receipt_of(row)).status_code == 404
    assert row.code not in login(row.mentee).get(ACCOUNT).content.decode()


def test_a_refund_and_a_payout_are_on_the_charges_receipt(login, mentor):
    row = charge(mentor, status=Status.REFUNDED)
    for made in (child(row, Type.REFUND, 6000, 600), child(row, Type.PAYOUT, 1)):
        assert login(row.mentee).get(receipt_of(made)).status_code == 404
    page = login(row.mentee).get(ACCOUNT)
    assert page.content.decode().count(receipt_of(row)) == 2


def test_the_payers_list_shows_payments_and_refunds(login, mentor):
    row = charge(mentor, status=Status.REFUNDED)
    child(row, Type.REFUND, 6000, 600)
    child(row, Type.PAYOUT, 5400)
    TransactionFactory()
    page = login(row.mentee).get(ACCOUNT)
    assert_clean(page)
    assert [each.type for each in page.context["page"]] == [Type.REFUND, Type.BOOKING]
    assert "54.00" not in page.content.decode()
    page = login(row.mentee).get(f"{ACCOUNT}?type=payout")
    assert len(page.context["page"]) == 0
    page = login(row.mentee).get(f"{ACCOUNT}?type=refund&month={times.now():%Y-%m}")
    assert [each.type for each in page.context["page"]] == [Type.REFUND]


def test_an_empty_list_says_what_to_do(client, login):
    assert b"Nothing paid yet" in login(UserFactory()).get(ACCOUNT).content
    assert client.get(ACCOUNT).status_code == 302


def test_the_list_costs_the_same_for_one_row_and_three(login, mentor, django_assert_num_queries):
    mentee = UserFactory()
    client = login(mentee)
    TransactionFactory(booking=BookingFactory(mentor=mentor, mentee=mentee, cancelled=True))
    client.get(ACCOUNT)
    for _ in range(2):
        with django_assert_num_queries(5):
            client.get(ACCOUNT)
        for _row in range(2):
            TransactionFactory(booking=BookingFactory(mentor=mentor, mentee=mentee, cancelled=True))


def test_it_is_linked_where_one_looks_for_it(login, mentor):
    row = charge(mentor)
    client = login(row.mentee)
    for address in (reverse("bookings:list"), reverse("accounts:settings"), reverse("home")):
        assert ACCOUNT in client.get(address).content.decode()
    booking = client.get(reverse("bookings:detail", args=[row.booking.code])).content.decode()
    assert receipt_of(row) in booking
    mine = login(mentor.user).get(reverse("bookings:detail", args=[row.booking.code]))
    assert receipt_of(row) not in mine.content.decode()


# --- Statements --------------------------------------------------------------------------


@pytest.fixture
def account(mentor):
    """October: two sessions, one given back, one passed on; a September and a November beside."""
    kept = charge(mentor, succeeded_at=october(3))
    back = charge(mentor, succeeded_at=october(4), status=Status.REFUNDED)
    child(back, Type.REFUND, 6000, 600, succeeded_at=october(20), reversed_minor=100)
    child(kept, Type.PAYOUT, 5400, succeeded_at=october(6))
    charge(mentor, succeeded_at=dt.datetime(2026, 9, 30, 21, 59, tzinfo=dt.UTC))
    charge(mentor, succeeded_at=dt.datetime(2026, 10, 31, 23, 0, tzinfo=dt.UTC))
    child(kept, Type.REFUND, 100, 10, status=Status.FAILED, succeeded_at=october(9))
    child(kept, Type.REFUND, 200, 20, status=Status.PENDING, succeeded_at=None)
    return mentor


def test_a_statement_holds_what_moved_in_its_month(account):
    found = statements.statement_of(account, OCTOBER, BERLIN)
    assert [row.type for row in found.rows] == ["booking", "booking", "payout", "refund"]
    (total,) = found.totals
    assert (total.paid_minor, total.refunded_minor, total.kept_fees_minor) == (12000, 6000, 600)
    assert (total.earned_minor, total.passed_on_minor, total.taken_back_minor) == (5400, 5400, 100)


def test_a_months_statement_stays_as_it_is(account, freeze):
    before = statements.statement_of(account, OCTOBER, BERLIN).totals
    for row in Transaction.objects.filter(type=Type.BOOKING):
        child(row, Type.REFUND, 1000, 100, succeeded_at=dt.datetime(2026, 11, 9, tzinfo=dt.UTC))
    assert statements.statement_of(account, OCTOBER, BERLIN).totals == before


def test_the_page_of_a_statement(login, account, freeze):
    freeze(dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    page = login(account.user).get(reverse("payments:statement", args=["2026-10"]))
    text = page.content.decode()
    assert_clean(page)
    assert "Statement for October 2026" in text
    assert f"{account.slug}-2026-10" in text
    assert "isn't over" not in text
    codes = Transaction.objects.filter(succeeded_at__month=10).exclude(status=Status.FAILED)
    assert all(row.code in text for row in codes.filter(succeeded_at__lt=october(31)))
    page = login(account.user).get(reverse("payments:statement", args=["2026-11"]))
    assert "isn&#x27;t over" in page.content.decode() or "isn't over" in page.content.decode()
    page = login(account.user).get(reverse("payments:statement", args=["2026-08"]))
    assert "Nothing moved in this month" in page.content.decode()


@pytest.mark.parametrize("month", ["2026-12", "2026-13", "0001-01", "9999-12", "nothing"])
def test_there_is_none_of_another_time(login, account, freeze, month):
    freeze(dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    address = reverse("payments:statement", args=[month])
    assert login(account.user).get(address).status_code == 404


def test_a_statement_is_its_mentors(client, login, account):
    address = reverse("payments:statement", args=["2026-10"])
    assert client.get(address).status_code == 302
    assert login(UserFactory()).get(address).status_code == 403
    other = login(MentorFactory().user).get(address).content.decode()
    assert "Nothing moved in this month" in other
