"""How calls to Stripe leave this process; the only place that knows of the built-in emulator."""

import datetime as dt

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from mentormatch.background import periodic
from payments import stripe_service
from payments.stripe_emulator import outbox, sweep, switches
from payments.stripe_emulator.http_client import EmulatorHTTPClient


def install() -> None:
    """Send calls to Stripe, or answer them here and deliver the webhooks ourselves."""
    if settings.STRIPE_EMULATED and settings.STRIPE_KEY_IS_GIVEN:
        raise ImproperlyConfigured("The built-in test payments can't stand beside a Stripe key.")
    if settings.STRIPE_EMULATED:
        _install_emulator()
    else:
        stripe_service.install()


def _install_emulator() -> None:
    stripe_service.install(EmulatorHTTPClient())
    periodic(every=dt.timedelta(seconds=1))(outbox.deliver_due)
    periodic(every=dt.timedelta(seconds=30))(sweep.expire_sessions)
    periodic(every=dt.timedelta(seconds=10))(sweep.open_disputes)
    periodic(every=dt.timedelta(minutes=10))(sweep.lose_disputes)
    periodic(every=dt.timedelta(hours=1))(sweep.end_inquiries)
    periodic(every=dt.timedelta(seconds=30))(sweep.send_payouts)
    periodic(every=dt.timedelta(seconds=30))(sweep.move_payouts)
    periodic(every=dt.timedelta(seconds=30))(sweep.renew_subscriptions)
    periodic(every=dt.timedelta(hours=1))(sweep.cancel_authorizations)
    periodic(every=dt.timedelta(hours=1))(sweep.forget_idempotency_keys)


def calm() -> None:
    """Let the emulator behave again, however its dashboard was left: a start begins well."""
    if settings.STRIPE_EMULATED:
        switches.calm()


def complete_onboarding(account_id: str) -> None:
    """What its owner does on Stripe's onboarding page; for the demo's data."""
    from payments.stripe_emulator import testing  # noqa: PLC0415  # it brings the test client

    testing.complete_onboarding(account_id)


def pay(session_id: str) -> None:
    """What the payer does on Stripe's page, with a card that works; for the demo's data."""
    from payments.stripe_emulator import testing  # noqa: PLC0415  # it brings the test client

    testing.pay(session_id)
