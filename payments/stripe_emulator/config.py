"""What the project tells the emulator; read at each use, so that tests can override it."""

import datetime as dt
import hashlib
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

API_VERSION = "2026-05-27.dahlia"
PLATFORM_SINCE = 1_704_067_200  # 2024-01-01: the platform's account is older than all it does


def _option(name: str) -> Any:
    return settings.STRIPE_EMULATOR[name]


def secret_key() -> str:
    """The only API key that is accepted."""
    return str(_option("secret_key"))


def site_url() -> str:
    """Where the hosted pages are reached, without a slash at the end."""
    return str(_option("site_url")).rstrip("/")


def webhook_url() -> str:
    """Where events are posted to."""
    return str(_option("webhook_url"))


def webhook_secret(*, connect: bool) -> str:
    """The signing secret of the platform's endpoint or of the Connect endpoint."""
    return str(_option("connect_webhook_secret" if connect else "webhook_secret"))


def settlement_currencies() -> list[str]:
    """The currencies that the platform settles in; the first is its default."""
    return [str(code).lower() for code in _option("settlement_currencies")]


def country() -> str:
    """The platform's country, ISO 3166-1 alpha-2."""
    return str(_option("country")).upper()


def after_retries() -> str:
    """What becomes of a subscription whose card was refused to the last: `cancel` or `unpaid`."""
    return str(settings.STRIPE_EMULATOR.get("after_retries", "cancel"))


def has_dashboard() -> bool:
    """Whether anyone who reaches the site may play Stripe."""
    return bool(_option("dashboard"))


def now() -> dt.datetime:
    """The emulator's present: aware UTC, by the clock that the project names."""
    return cast(dt.datetime, import_string(_option("clock"))())


def timestamp() -> int:
    """The emulator's present in Unix seconds."""
    return int(now().timestamp())


def platform_id() -> str:
    """The platform's account id: the same for the same key, as at Stripe."""
    return "acct_1" + hashlib.sha256(secret_key().encode()).hexdigest()[:15]
