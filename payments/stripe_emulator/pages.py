"""Addresses of the hosted pages."""

from django.urls import reverse

from . import config


def checkout_url(session: str) -> str:
    """Where a Checkout Session is paid."""
    return config.site_url() + reverse("stripe_emulator:checkout", args=(session,))


def authentication_url(intent: str) -> str:
    """Where a cardholder authenticates a payment."""
    return config.site_url() + reverse("stripe_emulator:authenticate", args=(intent,))


def onboarding_url(token: str) -> str:
    """Where a connected account is onboarded."""
    return config.site_url() + reverse("stripe_emulator:onboarding", args=(token,))


def invoice_url(invoice: str) -> str:
    """Where an invoice is read and paid."""
    return config.site_url() + reverse("stripe_emulator:invoice", args=(invoice,))


def portal_url(session: str) -> str:
    """Where a customer looks after their subscriptions."""
    return config.site_url() + reverse("stripe_emulator:portal", args=(session,))
