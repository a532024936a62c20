"""How much a program may ask for: so much a minute for each person, or each address.

Counted in fixed windows of the real clock in the cache `limits`: shared where that is Redis, else
each web process counts for itself, so that a request writes no row only to be counted.
"""

import logging
import math

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from mentormatch import times
from mentormatch.db import is_outage

logger = logging.getLogger(__name__)
WINDOW_SECONDS = 60
READS = ("GET", "HEAD", "OPTIONS")


class RateLimit(BaseThrottle):
    """`API_READS_A_MINUTE` and `API_WRITES_A_MINUTE` for each person; keeps nothing of its own."""

    def allow_request(self, request: HttpRequest) -> bool:
        is_read = request.method in READS
        most: int = settings.API_READS_A_MINUTE if is_read else settings.API_WRITES_A_MINUTE
        kind = "read" if is_read else "write"
        user = getattr(request, "user", None)
        who = f"u{user.pk}" if user and user.pk else f"a{get_adapter().get_client_ip(request)}"
        window = int(times.real_now().timestamp()) // WINDOW_SECONDS
        return self._count(f"{kind}:{who}:{window}") <= most

    @staticmethod
    def _count(key: str) -> int:
        counts = caches["limits"]
        try:
            counts.add(key, 0, timeout=2 * WINDOW_SECONDS)
            return int(counts.incr(key))
        except ValueError:  # thrown out between the two: a full cache
            return 1
        except Exception as error:
            if not is_outage(error):
                raise
            # What can't be counted is let through: the answer doesn't need the cache.
            logger.warning("The cache doesn't answer, requests aren't counted: %s", error)
            return 1

    def wait(self) -> float:
        """Seconds until the next window."""
        return math.ceil(WINDOW_SECONDS - times.real_now().timestamp() % WINDOW_SECONDS)
