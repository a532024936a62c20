"""Sessions as the API shows them."""

from typing import Annotated, Self

from ninja import Schema

from mentormatch.accounts.models import User
from mentormatch.schemas import Instant, values_of
from sessions_app import room
from sessions_app.models import Session

SessionStatus = Annotated[Session.Status, values_of(Session.Status)]


class SessionOut(Schema):
    id: str
    booking_ids: list[str]
    status: SessionStatus
    starts_at: Instant
    ends_at: Instant
    planned_minutes: int
    started_at: Instant | None
    ended_at: Instant | None
    duration_minutes: int | None
    room_name: str
    room_url: str
    recording_url: str | None

    @classmethod
    def of(cls, session: Session, *, viewer: User) -> Self:
        """As that participant sees it: a mentee sees no booking but their own."""
        leads = session.is_led_by(viewer)
        return cls(
            id=session.code,
            booking_ids=[b.code for b in session.bookings if leads or b.mentee_id == viewer.pk],
            status=Session.Status(session.status),
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            planned_minutes=session.planned_minutes,
            started_at=session.started_at,
            ended_at=session.ended_at,
            duration_minutes=session.duration_minutes,
            room_name=session.room_name,
            room_url=room.url_of(session),
            recording_url=session.recording_url or None,
        )


class StartedOut(Schema):
    session: SessionOut
    room_url: str
    token: str
    token_expires_at: Instant


class TokenOut(Schema):
    token: str
    room_name: str
    room_url: str
    provider: str
    expires_at: Instant
