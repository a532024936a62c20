"""What a profile may say: the rules that page, API and demo data share. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypedDict

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mentormatch import money, times
from mentormatch.errors import InvalidInput
from mentormatch.mentors.models import LONGEST, SHORTEST, Topic
from mentormatch.mentors.regions import COUNTRIES

# ISO 639-1 codes with their English names. Django has translated them, all but those named here.
LANGUAGES: dict[str, str] = {
    code: info["name"] for code, info in LANG_INFO.items() if len(code) == 2 and "name" in info
} | {
    "zh": gettext_noop("Chinese"),
    "nb": gettext_noop("Norwegian Bokmål"),
    "no": gettext_noop("Norwegian"),
}
MAX_TOPICS = 8
MAX_LANGUAGES = 6


class ProfileFields(TypedDict, total=False):
    """What its owner decides; rates in minor units, lengths and buffers in minutes."""

    full_name: str
    headline: str
    bio: str
    topics: Sequence[Topic]
    languages: list[str]
    country: str
    time_zone: str
    currency: str
    hourly_rate_minor: int
    trial_rate_minor: int | None
    trial_minutes: int
    lengths: list[int]
    step_minutes: int
    notice_minutes: int
    horizon_days: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    daily_cap: int | None
    requires_approval: bool


# What the database itself would refuse, or could not hold.
RANGES = {
    "hourly_rate_minor": (0, money.MAXIMUM_CHARGE),
    "trial_rate_minor": (0, money.MAXIMUM_CHARGE),
    "trial_minutes": (SHORTEST, LONGEST),
    "step_minutes": (5, 180),
    "notice_minutes": (0, 30 * 24 * 60),
    "horizon_days": (1, 365),
    "buffer_before_minutes": (0, 120),
    "buffer_after_minutes": (0, 120),
    "daily_cap": (1, 48),
}


def check_profile(profile: Mapping[str, Any], currencies: Collection[str]) -> None:
    """Refuse a profile that could not be booked, or not be paid, as it stands.

    `currencies` are those that the platform settles in. Raises `InvalidInput` with every fault.
    """
    errors = [
        {"field": field, "message": message}
        for field, message in [*_faults(profile), *_money_faults(profile, currencies)]
    ]
    if errors:
        refusal = InvalidInput(errors[0]["message"], field=errors[0]["field"])
        refusal.errors = errors
        raise refusal


def _faults(profile: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, (least, most) in RANGES.items():
        value = profile[field]
        if value is not None and not least <= value <= most:
            yield (
                field,
                _("Choose a number from %(least)d to %(most)d.") % {"least": least, "most": most},
            )
    lengths = profile["lengths"]
    if not lengths:
        yield "lengths", _("Offer at least one length.")
    if any(not SHORTEST <= minutes <= LONGEST for minutes in lengths):
        yield "lengths", _("A session lasts between 15 and 180 minutes.")
    if not 1 <= len(profile["languages"]) <= MAX_LANGUAGES:
        yield "languages", _("Choose between one and %(most)d languages.") % {"most": MAX_LANGUAGES}
    if unknown := set(profile["languages"]) - set(LANGUAGES):
        yield "languages", _("Unknown: %(codes)s.") % {"codes": ", ".join(sorted(unknown))}
    if profile["time_zone"] not in times.zone_names():
        yield "time_zone", _("Choose a time zone from the list.")


def _money_faults(
    profile: Mapping[str, Any], currencies: Collection[str]
) -> Iterator[tuple[str, str]]:
    currency = profile["currency"]
    if currency not in currencies:
        yield (
            "currency",
            _("Prices can be in %(currencies)s only.")
            % {"currencies": ", ".join(sorted(currencies)).upper()},
        )
        return
    if profile["country"] not in COUNTRIES:
        yield "country", _("Our payment service can't send money to that country.")
    for minutes in sorted(profile["lengths"]):
        price = money.price_for(profile["hourly_rate_minor"], minutes)
        if not money.is_chargeable(price, currency):
            yield (
                "hourly_rate_minor",
                _("%(minutes)d minutes would cost %(price)s, and %(limits)s")
                % {
                    "minutes": minutes,
                    "price": _amount(price, currency),
                    "limits": _limits(currency),
                },
            )
            break
    if not money.is_chargeable(profile["trial_rate_minor"] or 0, currency):
        yield "trial_rate_minor", _("A trial has one price, and %s") % _limits(currency)


def _limits(currency: str) -> str:
    return _("a price is 0 or between %(least)s and %(most)s.") % {
        "least": _amount(money.minimum_charge(currency), currency),
        "most": _amount(money.MAXIMUM_CHARGE, currency),
    }


def _amount(amount_minor: int, currency: str) -> str:
    return f"{money.to_major(amount_minor, currency)} {currency.upper()}"
