"""A mentor's opening hours as the API shows them."""

import datetime as dt
from typing import Annotated, Self

from ninja import Field, Schema
from pydantic import AfterValidator
from pydantic import Strict as StrictType

from bookings.models import AvailabilitySlot
from bookings.wallclock import format_minutes, parse_minutes
from mentormatch.schemas import Instant, Strict


def _wall_time(text: str) -> str:
    if parse_minutes(text) is None:
        raise ValueError("Give the time of day as HH:MM; 24:00 is the end of the day.")
    return text


WallTime = Annotated[str, Field(pattern=r"^[0-9]{2}:[0-9]{2}$"), AfterValidator(_wall_time)]


class WindowIn(Strict):
    """Either `weekday` (0 = Monday) or `date`; times are those of the mentor's wall clock."""

    weekday: int | None = Field(None, ge=0, le=6)
    # Strict would want a date object: JSON has none.
    date: Annotated[dt.date | None, StrictType(strict=False)] = None
    start_time: WallTime
    end_time: WallTime


class WindowOut(Schema):
    id: int
    weekday: int | None
    date: dt.date | None
    start_time: str
    end_time: str
    time_zone: str
    created_at: Instant

    @classmethod
    def of(cls, window: AvailabilitySlot, time_zone: str) -> Self:
        return cls(
            id=window.pk,
            weekday=window.weekday,
            date=window.date,
            start_time=format_minutes(window.start_minute),
            end_time=format_minutes(window.end_minute),
            time_zone=time_zone,
            created_at=window.created_at,
        )
