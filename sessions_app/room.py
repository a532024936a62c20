"""When a room is open, where it is, and the token that lets one person into it."""

import datetime as dt
from dataclasses import dataclass

import jwt
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from mentormatch.accounts.models import User
from mentormatch.errors import Conflict
from sessions_app.models import OPENS_BEFORE, Session

CLOSES_AFTER = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class RoomToken:
    """Says who may enter which room, and until when."""

    token: str
    expires_at: dt.datetime


def opens_at(session: Session) -> dt.datetime:
    return session.starts_at - OPENS_BEFORE


def closes_at(session: Session) -> dt.datetime:
    """15 minutes after the planned end: whoever is late still finds the door open."""
    return session.ends_at + CLOSES_AFTER


def is_open(session: Session, *, now: dt.datetime) -> bool:
    """Whether it can be entered; half-open, like every range of time here."""
    return session.status in Session.LIVE and opens_at(session) <= now < closes_at(session)


def check_open(session: Session, *, now: dt.datetime) -> None:
    """Raise `Conflict` where it can't be entered: `invalid_state`, `too_early` or `too_late`."""
    if session.status == Session.Status.CANCELLED:
        raise Conflict(_("This session was called off."))
    if session.status == Session.Status.COMPLETED:
        raise Conflict(_("This session is over."))
    if now < opens_at(session):
        raise Conflict(_("The room opens 10 minutes before the start."), code="too_early")
    if now >= closes_at(session):
        raise Conflict(_("The room closed 15 minutes after the end."), code="too_late")


def url_of(session: Session) -> str:
    return f"{settings.SITE_URL}{reverse('sessions:room', args=[session.code])}"


def room_token(*, session: Session, user: User) -> RoomToken:
    """A signed token (HS256, `JWT_SECRET`) that names one person and one room and ends with it.

    Its `token_use` is `room`: the API takes `access` only. The same again if repeated.
    """
    expires_at = closes_at(session)
    claims = {
        "token_use": "room",
        "sub": str(user.pk),
        "room": session.room_name,
        "exp": int(expires_at.timestamp()),
    }
    return RoomToken(jwt.encode(claims, settings.JWT_SECRET, algorithm="HS256"), expires_at)
