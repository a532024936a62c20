"""Currencies, the emulator's exchange rates and Stripe's fee. Amounts are in minor units."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats
from django.utils.translation import gettext as _

from . import config

# Units of the currency for one euro. Fixed, so that sums can be checked by hand.
PER_EURO = {
    "aed": "4.25", "aud": "1.75", "bgn": "1.95583", "brl": "6.20", "cad": "1.60",
    "chf": "0.94", "clp": "1080", "cny": "8.30", "cop": "4700", "czk": "24.50",
    "dkk": "7.46", "egp": "55", "eur": "1", "gbp": "0.86", "hkd": "9.10",
    "huf": "400", "idr": "19000", "ils": "3.90", "inr": "100", "isk": "143",
    "jpy": "170", "krw": "1600", "kwd": "0.36", "mad": "10.60", "mxn": "21.50",
    "myr": "4.90", "ngn": "1700", "nok": "11.70", "nzd": "2.00", "pen": "4.10",
    "php": "67", "pln": "4.25", "ron": "5.05", "rsd": "117", "sar": "4.35",
    "sek": "11.00", "sgd": "1.50", "thb": "38", "try": "48", "twd": "35",
    "uah": "48", "usd": "1.16", "vnd": "30500", "zar": "20.50",
}  # fmt: skip
NO_MINOR_UNIT = {"clp", "jpy", "krw", "vnd"}
THREE_DIGITS = {"kwd"}
SYMBOLS = {"eur": "€", "usd": "$", "gbp": "£", "jpy": "¥"}
FEE_RATE = Decimal("0.015")
FEE_FIXED = 25
LEAST_CHARGE = 50

EURO_COUNTRIES = [
    "AT", "BE", "HR", "CY", "EE", "FI", "FR", "DE", "GR", "IE",
    "IT", "LV", "LT", "LU", "MT", "NL", "PT", "SK", "SI", "ES",
]  # fmt: skip
CURRENCY_OF = dict.fromkeys(EURO_COUNTRIES, "eur") | {
    "AE": "aed", "AU": "aud", "BG": "bgn", "BR": "brl", "CA": "cad", "CH": "chf",
    "CZ": "czk", "DK": "dkk", "GB": "gbp", "HK": "hkd", "HU": "huf", "IN": "inr",
    "IS": "isk", "JP": "jpy", "LI": "chf", "MX": "mxn", "MY": "myr", "NO": "nok",
    "NZ": "nzd", "PL": "pln", "RO": "ron", "SE": "sek", "SG": "sgd", "TH": "thb",
    "US": "usd",
}  # fmt: skip
EUROPEAN_AREA = {*EURO_COUNTRIES, "BG", "CZ", "DK", "HU", "IS", "LI", "NO", "PL", "RO", "SE"}
# https://docs.stripe.com/connect/account-capabilities: transfers cross these borders, no others.
CROSS_BORDER = EUROPEAN_AREA | {"US", "CA", "GB", "CH"}


def is_currency(code: str) -> bool:
    """Whether the emulator can charge in it."""
    return code in PER_EURO


def digits(currency: str) -> int:
    """Decimal places of the minor unit."""
    return 0 if currency in NO_MINOR_UNIT else 3 if currency in THREE_DIGITS else 2


def rounded(value: Decimal) -> int:
    """Half up to a whole minor unit."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def exchange_rate(source: str, target: str) -> Decimal:
    """Major units of `target` for one of `source`, six places."""
    rate = Decimal(PER_EURO[target]) / Decimal(PER_EURO[source])
    return rate.quantize(Decimal("0.000001"))


def exchange(amount: int, source: str, target: str) -> int:
    """`amount` in `source` as minor units of `target`, half up."""
    if source == target:
        return amount
    shift = Decimal(10) ** (digits(target) - digits(source))
    return rounded(Decimal(amount) * exchange_rate(source, target) * shift)


def share(part: int, whole: int, of: int) -> int:
    """`part / whole` of an amount, half up; the whole gives the amount itself."""
    return rounded(Decimal(of) * part / whole) if whole else 0


def stripe_fee(amount: int) -> int:
    """Stripe's fee on a card payment: 1.5 % + 0.25, never more than the payment."""
    return min(amount, rounded(Decimal(amount) * FEE_RATE) + FEE_FIXED)


def shown(amount: int, currency: str) -> str:
    """`€12.50`, or `12.50 SEK`: as Stripe writes it in its messages."""
    number = f"{Decimal(amount).scaleb(-digits(currency)):,.{digits(currency)}f}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency.upper()}"


def on_a_page(amount: int, currency: str) -> str:
    """`€12.50`, or `12,50 €` to a German reader: as Stripe's pages write it."""
    places = digits(currency)
    major = Decimal(amount).scaleb(-places)
    number = formats.number_format(major, places, use_l10n=True, force_grouping=True)
    if symbol := SYMBOLS.get(currency):
        return _("%(symbol)s%(number)s") % {"symbol": symbol, "number": number}
    return f"{number} {currency.upper()}"


def settlement_currency(account: str, currency: str, default: str) -> str:
    """What a payment in `currency` becomes on that account's balance."""
    if account == config.platform_id():
        settled = config.settlement_currencies()
        return currency if currency in settled else settled[0]
    return default


def too_small(amount: int, currency: str) -> bool:
    """Under Stripe's least charge, 0.50 in the platform's default currency."""
    if currency in config.settlement_currencies():
        return amount < LEAST_CHARGE
    return exchange(amount, currency, config.settlement_currencies()[0]) < LEAST_CHARGE
