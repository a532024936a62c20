"""Bookings as the API takes and shows them."""

import datetime as dt
from typing import Annotated, Any, Literal, Self

from ninja import Schema
from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from bookings.group_models import REASON_LENGTH
from bookings.models import Booking
from mentormatch import times
from mentormatch.db import read_instant
from mentormatch.mentors.models import LONGEST, SHORTEST
from mentormatch.schemas import Instant, PageQuery, RowId, Strict, shown_as, values_of
from sessions_app.models import Session
from sessions_app.schemas import SessionStatus

BookingStatus = Annotated[Booking.Status, values_of(Booking.Status)]


def _example() -> dict[str, object]:
    """A session with the demo's first mentor, whose days are open from nine to five in Berlin."""
    at = (times.now() + dt.timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
    return {
        "mentor_id": 1,
        "scheduled_at": times.format_instant(at),
        "duration_minutes": 60,
        "session_type": Booking.Type.ONE_ON_ONE.value,
        "notes": "My deploy takes forty minutes.",
    }


class BookingIn(Strict):
    model_config = ConfigDict(json_schema_extra=shown_as(_example))

    mentor_id: RowId
    scheduled_at: Instant
    duration_minutes: int = Field(ge=SHORTEST, le=LONGEST)
    session_type: Literal["one_on_one", "group", "trial"]
    notes: str = Field("", max_length=Booking.NOTES_LENGTH)
    group_session_id: str | None = Field(None, max_length=32)
    use_credit: bool | None = None

    @field_validator("group_session_id")
    @classmethod
    def _only_of_a_group(cls, given: str | None, info: ValidationInfo) -> str | None:
        # Nobody who asked for a seat in a group is charged for a session of their own.
        if given is not None and info.data.get("session_type") != Booking.Type.GROUP:
            raise ValueError("Only a booking of session_type `group` names a group session.")
        return given


class CancelIn(Strict):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "I found it."}]})

    reason: str = Field("", max_length=REASON_LENGTH)


class RescheduleIn(Strict):
    scheduled_at: Instant


class BookingQuery(PageQuery):
    status: BookingStatus | None = None
    role: Literal["mentor", "mentee"] | None = None


class BookingOut(Schema):
    """`price` and `platform_fee` are in the minor unit of `currency`.

    A request lapses where the mentor doesn't answer by `answer_by`; of anything else it is null.
    """

    id: str
    mentor_id: int
    mentee_id: int
    scheduled_at: Instant
    ends_at: Instant
    duration_minutes: int
    session_type: Booking.Type
    status: BookingStatus
    price: int
    platform_fee: int
    currency: str
    payment_required: bool
    hold_expires_at: Instant | None
    answer_by: Instant | None
    free_cancellation_until: Instant
    notes: str
    created_at: Instant

    @classmethod
    def of(cls, booking: Booking, **more: object) -> Self:
        return cls.model_validate(
            {
                "id": booking.code,
                "mentor_id": booking.mentor_id,
                "mentee_id": booking.mentee_id,
                "scheduled_at": booking.starts_at,
                "price": booking.price_minor,
                "platform_fee": booking.platform_fee_minor,
                "payment_required": booking.is_to_pay,
                "answer_by": booking.answer_by_at,
                **{name: getattr(booking, name) for name in SAME_NAMES},
                **more,
            }
        )

    @classmethod
    def told(cls, row: dict[str, Any]) -> Self:
        """The same of a row of `bookings.listing`: what the database holds isn't checked again."""
        hold_expires_at, status = row["hold_expires_at"], Booking.Status(row["status"])
        answer_by = row["answer_by_at"]
        return cls.model_construct(
            id=row["code"],
            mentor_id=row["mentor_id"],
            mentee_id=row["mentee_id"],
            scheduled_at=read_instant(row["starts_at"]),
            ends_at=read_instant(row["ends_at"]),
            duration_minutes=row["duration_minutes"],
            session_type=Booking.Type(row["session_type"]),
            status=status,
            price=row["price_minor"],
            platform_fee=row["platform_fee_minor"],
            currency=row["currency"],
            payment_required=status == Booking.Status.PENDING and hold_expires_at is not None,
            hold_expires_at=hold_expires_at and read_instant(hold_expires_at),
            answer_by=answer_by and read_instant(answer_by),
            free_cancellation_until=read_instant(row["free_cancellation_until"]),
            notes=row["notes"],
            created_at=read_instant(row["created_at"]),
        )


SAME_NAMES = (
    "ends_at",
    "duration_minutes",
    "session_type",
    "status",
    "currency",
    "hold_expires_at",
    "free_cancellation_until",
    "notes",
    "created_at",
)


class BookingSessionOut(Schema):
    id: str
    status: SessionStatus
    starts_at: Instant


class CancellationOut(Schema):
    """`refund_amount` is what the policy gives back, in the minor unit."""

    by: Booking.Side
    code: Booking.CancellationCode
    at: Instant
    reason: str
    refund_amount: int


class BookingGroupOut(Schema):
    id: str
    title: str


class BookingDetail(BookingOut):
    mentor_name: str
    mentee_name: str
    session: BookingSessionOut | None
    group_session: BookingGroupOut | None
    cancellation: CancellationOut | None

    @classmethod
    def of(cls, booking: Booking, **more: object) -> Self:
        return super().of(
            booking,
            mentor_name=booking.mentor.name,
            mentee_name=booking.mentee.get_full_name(),
            session=_session(booking),
            group_session=_group(booking),
            cancellation=_cancellation(booking),
            **more,
        )


def _session(booking: Booking) -> BookingSessionOut | None:
    if not hasattr(booking, "seat"):
        return None
    session = booking.seat.session
    return BookingSessionOut(
        id=session.code, status=Session.Status(session.status), starts_at=session.starts_at
    )


def _group(booking: Booking) -> BookingGroupOut | None:
    group = booking.group_session
    return BookingGroupOut(id=group.code, title=group.title) if group else None


def _cancellation(booking: Booking) -> CancellationOut | None:
    if booking.cancelled_at is None:
        return None
    return CancellationOut(
        by=Booking.Side(booking.cancelled_by),
        code=Booking.CancellationCode(booking.cancellation_code),
        at=booking.cancelled_at,
        reason=booking.cancellation_reason,
        refund_amount=booking.refund_minor,
    )
