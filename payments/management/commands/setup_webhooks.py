"""`manage.py setup_webhooks`: both endpoints at Stripe, and the rows that stand for them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mentormatch.errors import StripeError
from payments.services import keys
from payments.stripe_service import why


class Command(BaseCommand):
    help = (
        "Makes the two webhook endpoints at Stripe (our own account's events, and those of "
        "connected accounts), or brings them to SITE_URL and to the events that are worked on. "
        "Safe to repeat. Prints a signing secret once, when its endpoint is made."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.STRIPE_EMULATED or settings.SITE_URL.startswith("https://")):
            raise CommandError(
                f"Stripe can't reach {settings.SITE_URL}. Forward events to it with the Stripe CLI "
                "(docs/stripe.md), or set SITE_URL to the site's own https address."
            )
        try:
            done = keys.set_up_webhooks()
        except StripeError as error:
            raise CommandError(f"Stripe didn't make them: {why(error)}") from error
        for each in done:
            self.stdout.write(f"{each.purpose}: {each.endpoint.id} {each.did}")
            if each.has_new_secret:
                self.stdout.write(f"  Set it, and restart: {each.variable}={each.endpoint.secret}")
