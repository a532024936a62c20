"""`pytest --stripe-table` writes `docs/stripe-emulator-calls.md` from what it saw.

Each call of the emulator with: who sent it; what of it was held against Stripe's description; the
questions that every address was asked; and the tests that made it themselves, not by a helper or
as a step of some service, and so are about it. Nothing in it is typed by hand.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from payments.stripe_emulator.routes import ROUTES
from tests.stripe_watch import OURS, WATCH

PAGE = Path(OURS) / "docs" / "stripe-emulator-calls.md"
HEAD = """# The emulator's calls, as the tests saw them

Written by `pytest tests/payments/stripe_emulator -m "not slow" --stripe-table`;
every one of those tests passed.

- **Sent by**: our gateway, dj-stripe, or only the tests.
- **Held**: requests, answers and refusals that were held against Stripe's description.
- A dot: that question was put to this very address, and answered as Stripe does. *Unknown*: a
  parameter that isn't there. *Type*: each parameter with values of wrong types. *Other*: it has
  nothing of another account's. *Key*: the same idempotency key again, with other parameters, and
  after a failure. *Pages*: walked forwards and backwards. *Expand*: parts were expanded.

| Call | Sent by | Held | Unknown | Type | Other | Key | Pages | Expand | Tests |
|---|---|---|:-:|:-:|:-:|:-:|:-:|:-:|--:|
"""
# What asks every address, by its column.
QUESTIONS = {
    "test_an_unknown_parameter_is_an_error": "unknown",
    "test_a_value_of_a_wrong_type_is_an_error": "type",
    "test_what_is_one_accounts_is_missing_for_another": "other",
    "test_what_a_parameter_names_must_be_the_askers": "other",
    "test_a_list_has_nothing_of_another_account": "other",
    "test_the_same_key_gives_the_same_answer": "key",
    "test_a_list_is_walked_forwards_and_backwards": "pages",
}
COLUMNS = ("unknown", "type", "other", "key", "pages", "expand")
SENDERS = {"payments/stripe_service/": "gateway", "djstripe/": "dj-stripe"}
Names = defaultdict[str, set[str]]


CALLS = [str(route) for route in ROUTES]


def call_at(method: str, path: str) -> str | None:
    """The call that is answered there."""
    fits = (r for r in ROUTES if r.method == method.upper() and r.pattern.match(path))
    return next(map(str, fits), None)


def way(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """File and function of each caller that is ours or dj-stripe's, the nearest first."""
    passed_by = ("payments/stripe_emulator/", "tests/stripe_", "tests/at_stripe.py")
    while frame:
        name, function = frame.f_code.co_filename, frame.f_code.co_qualname
        if "/djstripe/" in name:
            yield f"djstripe/{name.rpartition('/djstripe/')[2]}", function
        elif name.startswith(OURS) and "site-packages" not in name:
            name = name.removeprefix(OURS)
            if not name.startswith(passed_by):
                yield name, function
        frame = frame.f_back


class Table:
    """A plugin of pytest's that gathers what happens, and writes it down if all went well."""

    def __init__(self) -> None:
        self.test = ""
        self.senders: Names = defaultdict(set)
        self.held: Names = defaultdict(set)
        self.answered: Names = defaultdict(set)
        self.tests: Names = defaultdict(set)
        WATCH.on_held = self.note

    def note(
        self, method: str, path: str, encoded: str, status: int | None, *, is_right: bool
    ) -> None:
        """One exchange that the watch found sound."""
        call = call_at(method, path)
        if call is None:
            return
        if is_right:
            self.held[call].add("request")
        if status is not None:
            self.held[call].add("answer" if status == 200 else "refusal")
        if status == 200 and "expand" in encoded:
            self.answered[call].add("expand")
        steps = list(way(sys._getframe(1)))
        for file, sender in SENDERS.items():
            if steps and steps[0][0].startswith(file):
                self.senders[call].add(sender)
        callers = [step for step in steps if not step[0].startswith(tuple(SENDERS))]
        if callers and self.is_about(*callers[0]):
            self.tests[call].add(self.test.partition("[")[0])

    def is_about(self, file: str, function: str) -> bool:
        """Whether the test that runs made the call itself, and is not one for every address."""
        name = self.test.rpartition("::")[2].partition("[")[0]
        is_own = self.test.startswith(f"{file}::") and function.split(".", maxsplit=1)[0] == name
        return is_own and "/v1/" not in self.test

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """What reads the page comes after it is written."""
        items[:] = [item for item in items if item.path.name != "test_table.py"]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """From here on what is heard is this test's."""
        self.test = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A question to every address was answered."""
        function, _, asked = report.nodeid.rpartition("::")[2].partition("[")
        if report.when != "call" or not report.passed or function not in QUESTIONS:
            return
        for call in CALLS:
            if re.match(rf"{re.escape(call)}[ \]]", asked):
                self.answered[call].add(QUESTIONS[function])

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the page, unless something failed."""
        if exitstatus == 0:
            PAGE.write_text(self.page())

    def page(self) -> str:
        rows = "".join(self.row(call) for call in CALLS)
        return f"{HEAD}{rows}\n## Which tests\n\n" + "\n".join(map(self.paragraph, CALLS))

    def row(self, call: str) -> str:
        senders = ", ".join(sorted(self.senders[call])) or "tests"
        held = ", ".join(n for n in ("request", "answer", "refusal") if n in self.held[call])
        marks = ["•" if name in self.answered[call] else "" for name in COLUMNS]
        cells = [f"`{call}`", senders, held, *marks, str(len(self.tests[call]))]
        return f"| {' | '.join(cells)} |\n"

    def paragraph(self, call: str) -> str:
        """The tests that are about the call, by their modules."""
        modules: defaultdict[str, list[str]] = defaultdict(list)
        for test in sorted(self.tests[call]):
            file, _, function = test.partition("::")
            modules[file.removeprefix("tests/payments/")].append(f"`{function}`")
        lines = [f"- {file}: {', '.join(names)}\n" for file, names in sorted(modules.items())]
        return f"### `{call}`\n\n{''.join(lines)}"
