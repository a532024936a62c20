"""`manage.py reconcile_payments`: the ledger held against Stripe, by hand."""

import datetime as dt
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mentormatch import times
from mentormatch.errors import StripeError
from payments.services.reconciliation import LOOKS_BACK, reconcile
from payments.stripe_service import why


class Command(BaseCommand):
    help = (
        "Asks Stripe about everything unfinished, mends what may be mended, and lists every "
        "difference between Stripe and the ledger. Ends with 1 where there is one, with 2 where "
        "Stripe can't be asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, default=LOOKS_BACK.days, help="how far to look back (%(default)s)"
        )

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        try:
            found = reconcile(since=times.now() - dt.timedelta(days=days))
        except StripeError as error:
            raise CommandError(f"Stripe can't be asked: {why(error)}", returncode=2) from error
        for difference in found:
            named = f" ({difference.transaction})" if difference.transaction else ""
            kind = difference.get_kind_display()
            self.stdout.write(f"{difference.subject}{named}: {kind}. {difference.detail}")
        if found:
            sys.exit(1)
        self.stdout.write("The ledger and Stripe tell the same.")
