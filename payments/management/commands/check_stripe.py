"""`manage.py check_stripe`: what live needs, a line for each."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from payments.services import keys


class Command(BaseCommand):
    help = (
        "Goes through what taking real payments needs: key, mode, account, capabilities, payout "
        "schedule, Connect, settlement currencies, the billing portal, the events that are sent, "
        "and their secrets. "
        "Ends with 1 where something is left to do."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        lines = list(keys.check())
        for line in lines:
            self.stdout.write(f"{'good ' if line.is_good else 'to do'}  {line.what}: {line.words}")
            if line.to_do:
                self.stdout.write(f"       -> {line.to_do}")
        if not all(line.is_good for line in lines):
            sys.exit(1)
