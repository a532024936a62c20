"""Amounts: one rounding, whole minor units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentormatch import money

CURRENCIES = st.sampled_from(["eur", "usd", "gbp", "jpy"])
AMOUNTS = st.integers(0, money.MAXIMUM_CHARGE)


@pytest.mark.parametrize(
    ("rate", "minutes", "price"),
    [
        (6000, 60, 6000),
        (6000, 90, 9000),
        (6000, 50, 5000),
        (1, 30, 1),  # half a cent goes up
        (1, 29, 0),
        (999, 20, 333),
        (0, 60, 0),
    ],
)
def test_price_is_the_hourly_rate_by_the_minute_half_up(rate, minutes, price):
    assert money.price_for(rate, minutes) == price


@pytest.mark.parametrize(
    ("amount", "percent", "fee"),
    [(6000, 10, 600), (5, 10, 1), (4, 10, 0), (15, 10, 2), (6000, 0, 0), (6000, 100, 6000)],
)
def test_fee_is_rounded_half_up(amount, percent, fee):
    assert money.fee_for(amount, percent) == fee


@given(AMOUNTS, st.integers(0, 100))
def test_fee_is_never_more_than_the_amount(amount, percent):
    assert 0 <= money.fee_for(amount, percent) <= amount


@given(AMOUNTS, st.integers(15, 180), st.integers(15, 180))
def test_a_longer_session_never_costs_less(rate, one, other):
    assert money.price_for(rate, min(one, other)) <= money.price_for(rate, max(one, other))


@given(AMOUNTS, CURRENCIES)
def test_major_and_minor_are_the_same_amount(amount, currency):
    assert money.to_minor(money.to_major(amount, currency), currency) == amount


def test_a_currency_without_cents_has_none():
    assert money.to_major(5000, "jpy") == Decimal(5000)
    assert money.to_major(5000, "eur") == Decimal("50.00")
    assert money.to_minor(Decimal("0.005"), "eur") == 1
    assert money.to_minor(Decimal("0.5"), "jpy") == 1


@pytest.mark.parametrize(
    ("amount", "currency", "chargeable"),
    [
        (0, "eur", True),
        (1, "eur", False),
        (49, "eur", False),
        (50, "eur", True),
        (30, "gbp", True),
        (29, "gbp", False),
        (money.MAXIMUM_CHARGE, "usd", True),
        (money.MAXIMUM_CHARGE + 1, "usd", False),
    ],
)
def test_what_stripe_charges_at_once(amount, currency, chargeable):
    assert money.is_chargeable(amount, currency) is chargeable
