"""`/me`: the account of whoever holds the token."""

from ninja import Router

from mentormatch.accounts.models import User
from mentormatch.accounts.schemas import Me, MeChanges
from mentormatch.accounts.services import update_settings
from mentormatch.auth import LoggedInRequest

router = Router(tags=["Me"])


@router.get("/me", response=Me, summary="Who I am")
def read_me(request: LoggedInRequest) -> User:
    """The account that the token belongs to."""
    return request.user


@router.patch("/me", response=Me, summary="Change my name, time zone or language")
def change_me(request: LoggedInRequest, changes: MeChanges) -> User:
    """What is left out stays as it is."""
    return update_settings(user=request.user, **changes.dict(exclude_unset=True))
