"""Amounts: integers in a currency's minor unit, beside its ISO 4217 code in lower case.

https://docs.stripe.com/currencies#zero-decimal
"""

from decimal import ROUND_HALF_UP, Decimal

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split())
SYMBOLS = {"eur": "€", "usd": "$", "gbp": "£"}
# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MINIMUM_CHARGE = {"eur": 50, "usd": 50, "gbp": 30}
MAXIMUM_CHARGE = 99_999_999


def decimals(currency: str) -> int:
    """How many digits stand behind the point in that currency."""
    return 0 if currency in ZERO_DECIMAL else 2


def half_up(amount: Decimal) -> int:
    """The one rounding: to whole minor units, half up."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def price_for(hourly_rate_minor: int, minutes: int) -> int:
    """Price in minor units of `minutes` at an hourly rate, half up."""
    return half_up(Decimal(hourly_rate_minor) * minutes / 60)


def fee_for(amount_minor: int, percent: int) -> int:
    """The platform's part of an amount, in minor units, half up."""
    return half_up(Decimal(amount_minor) * percent / 100)


def minimum_charge(currency: str) -> int:
    """The least that Stripe charges in that currency, in minor units."""
    return MINIMUM_CHARGE.get(currency, 50)


def is_chargeable(amount_minor: int, currency: str) -> bool:
    """Whether an amount is free, or within what Stripe charges at once."""
    return amount_minor == 0 or minimum_charge(currency) <= amount_minor <= MAXIMUM_CHARGE


def to_major(amount_minor: int, currency: str) -> Decimal:
    """Minor units → a decimal in the currency's main unit, for showing only."""
    return Decimal(amount_minor).scaleb(-decimals(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """A decimal in the main unit → minor units, half up."""
    return half_up(amount.scaleb(decimals(currency)))
