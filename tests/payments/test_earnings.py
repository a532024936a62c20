"""The mentor's account: its sums, its months, its rows, and what a spreadsheet gets of it."""

import csv
import datetime as dt
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mentormatch import times
from payments import earnings
from payments.earnings import Chosen
from payments.lines import Lines
from payments.models import Tip, Transaction
from tests.budget import budget
from tests.factories import (
    BookingFactory,
    DisputeFactory,
    MentorFactory,
    TransactionFactory,
    UserFactory,
)
from tests.payments.money import child

pytestmark = pytest.mark.django_db
BERLIN = times.zone("Europe/Berlin")
Status, Type = Transaction.Status, Transaction.Type


def charge(mentor, **facts):
    """An hour for 60.00 EUR, 54.00 of it the mentor's."""
    booking = BookingFactory(mentor=mentor, cancelled=True)
    return TransactionFactory(booking=booking, **facts)


def tip(mentor, amount, **facts):
    booking = BookingFactory(mentor=mentor, cancelled=True)
    people = {"mentor": mentor, "mentee": booking.mentee, "currency": "eur"}
    given = Tip.objects.create(booking=booking, amount_minor=amount, **people)
    sums = {"amount_minor": amount, "platform_fee_minor": 0, "net_minor": amount}
    return TransactionFactory(type=Type.TIP, booking=None, tip=given, **people, **sums, **facts)


def totals(mentor):
    return earnings.books_of(mentor, now=times.now(), zone=BERLIN).totals()


def page_of(login, mentor, query=""):
    answer = login(mentor.user).get(reverse("payments:earnings") + query)
    assert answer.status_code == 200
    return answer


def test_the_sums_are_what_came_less_what_went(mentor):
    waiting, passed, sent = charge(mentor), charge(mentor), charge(mentor)
    refunded = charge(mentor, status=Status.REFUNDED)
    child(passed, Type.PAYOUT, 5400)
    child(sent, Type.PAYOUT, 5400, status=Status.PENDING, succeeded_at=None)
    child(refunded, Type.REFUND, 6000, 600)
    child(waiting, Type.REFUND, 2000, 200)
    child(waiting, Type.REFUND, 1000, 100, status=Status.FAILED, succeeded_at=None)
    tip(mentor, 700)
    charge(mentor, status=Status.FAILED)
    charge(mentor, status=Status.PENDING, succeeded_at=None)
    charge(MentorFactory())
    (total,) = totals(mentor)
    assert total.earned_minor == 3 * 5400 - 1800 + 700
    assert total.fees_minor == 3 * 600 - 200
    assert (total.paid_out_minor, total.available_minor) == (5400, 5400)
    assert total.pending_minor == 5400 - 1800 + 700


def test_what_was_taken_back_of_a_payout_is_not_paid_out(mentor):
    child(charge(mentor), Type.PAYOUT, 5400, reversed_minor=400)
    child(charge(mentor), Type.PAYOUT, 5400, reversed_minor=5400, status=Status.REFUNDED)
    (total,) = totals(mentor)
    assert (total.paid_out_minor, total.pending_minor) == (5000, 5800)


def test_currencies_stand_apart(mentor):
    charge(mentor)
    dollars = BookingFactory(mentor=mentor, cancelled=True, currency="usd")
    TransactionFactory(booking=dollars)
    assert [(total.currency, total.earned_minor) for total in totals(mentor)] == [
        ("eur", 5400),
        ("usd", 5400),
    ]


def test_months_are_those_of_the_mentors_wall(mentor, freeze):
    freeze(dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    charge(mentor, succeeded_at=dt.datetime(2026, 10, 31, 22, 59, 59, tzinfo=dt.UTC))
    charge(mentor, succeeded_at=dt.datetime(2026, 10, 31, 23, 0, tzinfo=dt.UTC))
    charge(mentor, succeeded_at=dt.datetime(2025, 11, 30, 22, 59, tzinfo=dt.UTC))
    books = earnings.books_of(mentor, now=times.now(), zone=BERLIN)
    assert books.months[:2] == (dt.date(2026, 11, 1), dt.date(2026, 10, 1))
    assert books.totals()[0].by_age == {0: 5400, 1: 5400, 12: 5400}
    assert books.count(Chosen(month=dt.date(2026, 10, 1))) == 1
    assert books.count(Chosen(month=dt.date(2025, 11, 1))) is None


def test_sums_are_kept_while_nothing_moves(mentor, freeze, django_assert_num_queries):
    clock = freeze()
    row = charge(mentor)
    books = earnings.books_of(mentor, now=times.now(), zone=BERLIN)
    # Another transaction may have begun before this one and be about to commit.
    with django_assert_num_queries(2):
        earnings.books_of(mentor, now=times.now(), zone=BERLIN)
    clock.shift(dt.timedelta(seconds=61))
    assert earnings.books_of(mentor, now=times.now(), zone=BERLIN) == books
    with django_assert_num_queries(1):
        assert earnings.books_of(mentor, now=times.now(), zone=BERLIN) == books
    child(row, Type.PAYOUT, 5400)
    assert totals(mentor)[0].paid_out_minor == 5400


def test_the_lines_are_the_rows_that_are_booked(mentor):
    parent = charge(mentor)
    for status in Status:
        child(charge(mentor), Type.PAYOUT, 5400, status=status)
        child(parent, Type.REFUND, 100, status=status, metadata={"dispute": "dp_1"})
        charge(mentor, status=status)
    given = tip(mentor, 700)
    charge(MentorFactory())
    lines = list(Lines(mentor, Chosen(), BERLIN))
    booked = Transaction.objects.booked().by_time().filter(mentor=mentor)
    assert [line.code for line in lines] == [row.code for row in booked]
    assert Lines(mentor, Chosen(), BERLIN).count() == len(lines) == booked.count()
    assert Lines(mentor, Chosen(), BERLIN)[2:5] == lines[2:5]
    refunds = {line.is_chargeback for line in lines if line.type == Type.REFUND}
    assert refunds == {True}
    (line,) = [line for line in lines if line.code == given.code]
    assert (line.booking_code, line.leaves_at) == (given.tip.booking.code, given.succeeded_at)
    assert line.session_at == given.tip.booking.starts_at


def test_a_row_that_is_kept_tells_what_has_changed(login, mentor):
    row = charge(mentor)
    assert "on hold: disputed" not in page_of(login, mentor).content.decode()
    row.mentee.full_name = "Grete Neumann"
    row.mentee.save()
    DisputeFactory(charge=row)
    text = page_of(login, mentor).content.decode()
    assert "Session with Grete Neumann" in text
    assert "on hold: disputed" in text


def test_the_page_shows_sums_chart_and_rows(login, mentor):
    row = charge(mentor)
    child(row, Type.PAYOUT, 5400)
    text = page_of(login, mentor).content.decode()
    assert text.count('<rect class="chart-bar"') == 12
    assert f"Session with {row.mentee.get_full_name()}" in text
    assert "passed on" in text
    assert "−€54.00" in text
    assert ">Paid out<" in text


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("?type=payout", {"payout"}),
        ("?type=tip&status=succeeded", {"tip"}),
        ("?type=tip&status=failed", set()),
        ("?type=nonsense&status=%00&month=2026-13", {"payout", "tip", "booking"}),
        ("?month=2026-11", {"payout", "tip", "booking"}),
        ("?month=2026-10", set()),
        ("?month=2019-10", set()),
        ("?month=0001-01", {"payout", "tip", "booking"}),
        ("?month=9999-12", {"payout", "tip", "booking"}),
    ],
)
def test_rows_are_narrowed(login, mentor, freeze, query, seen):
    freeze(dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    child(charge(mentor), Type.PAYOUT, 5400)
    tip(mentor, 500)
    answer = page_of(login, mentor, query)
    found = {row.type for row in answer.context["page"]}
    assert found == seen
    assert answer.context["page"].paginator.count == len(answer.context["page"])
    assert ("Nothing like that" in answer.content.decode()) == (not seen)


def sheet(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_spreadsheet_gets_every_row(login, mentor):
    row = charge(mentor)
    child(row, Type.PAYOUT, 5400)
    answer = login(mentor.user).get(reverse("payments:earnings_csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    lines = sheet(answer)
    assert [line["type"] for line in lines] == ["payout", "booking"]
    assert lines[1]["id"] == row.code
    assert lines[1]["booking_id"] == row.booking.code
    sums = [lines[1][name] for name in ("amount", "platform_fee", "net", "currency")]
    assert sums == ["60.00", "6.00", "54.00", "eur"]
    answer = login(mentor.user).get(reverse("payments:earnings_csv") + "?type=payout")
    assert [line["type"] for line in sheet(answer)] == ["payout"]


@pytest.mark.parametrize("name", ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", '="a",b'])
def test_no_name_is_run_as_a_formula(login, mentor, name):
    row = charge(mentor)
    type(row.mentee).objects.filter(pk=row.mentee_id).update(full_name=name)
    (line,) = sheet(login(mentor.user).get(reverse("payments:earnings_csv")))
    assert not re.match(r"[=+\-@\t\r]", line["mentee"])
    assert line["mentee"].endswith(name.strip())


def test_a_spreadsheet_is_sent_while_it_is_read(login, mentor):
    charge(mentor)
    with CaptureQueriesContext(connection) as before:
        answer = login(mentor.user).get(reverse("payments:earnings_csv"))
    assert not any("payments_transaction" in query["sql"] for query in before.captured_queries)
    assert len(sheet(answer)) == 1


@pytest.mark.parametrize("name", ["earnings", "earnings_csv"])
def test_an_account_is_its_mentors(client, login, mentor, name):
    address = reverse(f"payments:{name}")
    charge(mentor)
    assert client.get(address).status_code == 302
    assert login(UserFactory()).get(address).status_code == 403
    other = login(MentorFactory().user).get(address)
    body = b"".join(other) if other.streaming else other.content
    assert Transaction.objects.get().mentee.get_full_name().encode() not in body


@pytest.mark.stress
def test_ten_thousand_rows_cost_no_more_queries(login, mentor, figure, freeze):
    client, address = login(mentor.user), reverse("payments:earnings")
    clock = freeze()
    charge(mentor)
    clock.shift(dt.timedelta(minutes=2))
    few = _queries(client, address)
    parent, number = charge(mentor), budget(300, 10_000)
    _many(parent, number)
    many = _queries(client, address)
    assert many == few
    assert client.get(address).context["page"].paginator.count == number + 2
    clock.shift(dt.timedelta(minutes=2))
    client.get(address)
    assert _queries(client, f"{address}?page=7") == few - 1
    figure("queries of the earnings page with so many rows", f"{many} with {number}")


def _queries(client, address):
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def _many(parent, number):
    people = {name: getattr(parent, name) for name in ("mentor", "mentee", "booking", "currency")}
    rows = [
        Transaction(
            type=Type.REFUND,
            status=Status.SUCCEEDED,
            parent=parent,
            amount_minor=1,
            net_minor=1,
            created_at=times.now() - dt.timedelta(hours=n),
            succeeded_at=times.now() - dt.timedelta(hours=n),
            **people,
        )
        for n in range(number)
    ]
    Transaction.objects.bulk_create(rows, batch_size=500)
