"""What a piece of code wrote, on every database."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import connections
from django.test.utils import CaptureQueriesContext

WRITES = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def written() -> Iterator[list[str]]:
    """The statements that wrote, once the block has ended."""
    found: list[str] = []
    with ExitStack() as stack:
        watched = [stack.enter_context(CaptureQueriesContext(c)) for c in connections.all()]
        yield found
    found += [q["sql"] for queries in watched for q in queries if q["sql"].startswith(WRITES)]
