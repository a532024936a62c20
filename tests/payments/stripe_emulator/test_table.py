"""The page that the tests made is about the calls that there are, and about tests that there are.

`pytest tests/payments/stripe_emulator -m "not slow" --stripe-table` makes it anew.
"""

import re
from functools import cache

import pytest
from django.conf import settings

from payments.stripe_emulator.routes import ROUTES
from tests.stripe_table import COLUMNS, PAGE, call_at

CALLS = [str(route) for route in ROUTES]


@cache
def rows() -> dict[str, list[str]]:
    """The cells of each row of the table, by its call."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {call.strip("`"): rest for call, *rest in cells}


def test_it_has_every_call_and_no_other() -> None:
    assert list(rows()) == CALLS


@pytest.mark.parametrize("call", CALLS)
def test_each_call_was_held_asked_and_tested(call: str) -> None:
    _, held, *marks, number = rows()[call]
    assert held == "request, answer, refusal"
    answered = {name for name, mark in zip(COLUMNS, marks, strict=True) if mark}
    (route,) = (each for each in ROUTES if str(each) == call)
    wanted = {"unknown"}
    wanted |= {"type"} if route.spec else set()
    wanted |= {"key"} if route.method == "POST" else set()
    wanted |= {"pages"} if "starting_after" in route.spec else set()
    wanted |= {"other"} if "{" in route.path else set()
    assert wanted <= answered
    assert int(number) > 0


def test_the_tests_that_it_names_are_there() -> None:
    named = re.findall(r"^- (\S+\.py): (.+)$", PAGE.read_text(), re.MULTILINE)
    assert len(named) >= len(CALLS)
    for file, functions in named:
        text = (settings.BASE_DIR / "tests" / "payments" / file).read_text()
        for function in re.findall(r"`(\w+)`", functions):
            assert f"def {function}(" in text, f"{file} has no {function}: make the page anew"


def test_an_address_leads_to_its_call() -> None:
    assert call_at("get", "/v1/charges/ch_1/refunds") == "GET /v1/charges/{charge}/refunds"
    assert call_at("get", "/v1/coupons") is None
