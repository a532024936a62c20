"""A mentor's opening hours as the API shows them."""

import datetime as dt
import re
from typing import Annotated, Self

from ninja import Field, Schema
from pydantic import AfterValidator, BeforeValidator, ConfigDict

from bookings.models import AvailabilitySlot
from bookings.wallclock import format_minutes, parse_minutes
from mentormatch.schemas import Instant, Strict


def _wall_time(text: str) -> str:
    if parse_minutes(text) is None:
        raise ValueError("Give the time of day as HH:MM; 24:00 is the end of the day.")
    return text


def _day(given: object) -> dt.date | None:
    # Pydantic takes the seconds of an epoch for a day, and midnight for its day.
    if given is None:
        return None
    if isinstance(given, str) and DAY.fullmatch(given):
        return dt.date.fromisoformat(given)
    raise ValueError("Give the day as YYYY-MM-DD.")


DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Day = Annotated[dt.date | None, BeforeValidator(_day)]
WallTime = Annotated[str, Field(pattern=r"^[0-9]{2}:[0-9]{2}$"), AfterValidator(_wall_time)]


class WindowIn(Strict):
    """Either `weekday` (0 = Monday) or `date`; times are those of the mentor's wall clock."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"weekday": 0, "start_time": "19:00", "end_time": "21:00"}]}
    )

    weekday: int | None = Field(None, ge=0, le=6)
    date: Day = None
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
