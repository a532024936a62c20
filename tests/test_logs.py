import logging
import sys

import pytest
from django.db import OperationalError

from mentormatch.logs import OutageInOneLine


def record_of(error: Exception) -> logging.LogRecord:
    """What Django logs of a request that raised this."""
    try:
        raise error
    except type(error):
        caught = sys.exc_info()
    text, path = "Service Unavailable: %s", ("/bookings/",)
    return logging.LogRecord("django.request", logging.ERROR, "", 0, text, path, caught)


def test_an_outage_is_one_line():
    record = record_of(OperationalError("The server is gone.\n\tIs it running?"))
    assert OutageInOneLine().filter(record)
    assert logging.Formatter().format(record) == (
        "Service Unavailable: /bookings/: The server is gone."
    )


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), ValueError("100 %s")])
def test_a_bug_is_told_with_where_it_was(error):
    record = record_of(error)
    assert OutageInOneLine().filter(record)
    assert "Traceback" in logging.Formatter().format(record)
