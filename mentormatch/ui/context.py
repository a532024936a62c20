"""What every page may name."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    return {
        "demo": settings.DEMO,
        "one_click_logins": settings.DEMO_MODE == "1",
        "test_payments": settings.STRIPE_EMULATED,
        "site_url": settings.SITE_URL,
    }
