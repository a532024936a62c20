"""Where the mentor's part of a charge is: on every page and list the same."""

import datetime as dt
from enum import StrEnum, auto
from typing import Protocol

from payments.models import Transaction

Status = Transaction.Status


class Standing(StrEnum):
    PASSED_ON = auto()
    PARTLY_TAKEN_BACK = auto()
    TAKEN_BACK = auto()
    ON_ITS_WAY = auto()
    HELD_UP = auto()
    DISPUTED = auto()
    ASKED_ABOUT = auto()
    ABSENCE = auto()
    GIVEN_BACK = auto()
    LEAVES = auto()
    NOT_EARNED = auto()


OF_PAYOUT = {
    Status.PENDING: Standing.ON_ITS_WAY,
    Status.PROCESSING: Standing.ON_ITS_WAY,
    Status.SUCCEEDED: Standing.PASSED_ON,
    Status.FAILED: Standing.HELD_UP,
    Status.PARTIALLY_REFUNDED: Standing.PARTLY_TAKEN_BACK,
    Status.REFUNDED: Standing.TAKEN_BACK,
}


class Part(Protocol):
    """What decides on it; `payout_status` is `None` as long as nothing was sent."""

    @property
    def payout_status(self) -> str | None: ...
    @property
    def is_frozen(self) -> bool: ...
    @property
    def is_asked_about(self) -> bool: ...
    @property
    def is_held(self) -> bool: ...
    @property
    def is_given_back(self) -> bool: ...
    @property
    def leaves_at(self) -> dt.datetime | None: ...


def standing_of(part: Part) -> Standing:
    """Of a charge's part. A bank or staff hold up only what isn't passed on yet."""
    if part.payout_status in Transaction.PAID:
        return OF_PAYOUT[Status(part.payout_status)]
    if part.is_frozen or part.is_asked_about:
        return Standing.DISPUTED if part.is_frozen else Standing.ASKED_ABOUT
    if part.payout_status:
        return OF_PAYOUT[Status(part.payout_status)]
    if part.is_given_back:
        return Standing.GIVEN_BACK
    if part.is_held:
        return Standing.ABSENCE
    return Standing.LEAVES if part.leaves_at else Standing.NOT_EARNED
