"""`Idempotency-Key` on the requests that create something."""

import functools
import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.decorators import decorate_view
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from mentormatch.auth import LoggedInRequest
from mentormatch.errors import InvalidInput
from mentormatch.idempotency import services
from mentormatch.idempotency.models import KeyedRequest

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "Any random text of yours. The same request again under the same key makes "
    "nothing new: for a day it is answered as the first one was.",
}
View = Callable[..., Any]


def idempotent(view: View) -> View:
    """Put below `@router.post`: a repetition is answered as the first was, and makes nothing.

    Only what was made is kept. After a refusal the same key may be tried again.
    """

    @functools.wraps(view)
    def once(request: LoggedInRequest, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return view(request, *args, **kwargs)
        row = services.claim(user=request.user, key=_checked(key), fingerprint=_print_of(request))
        if row.status is not None:
            return _answer_again(row)
        request.claimed_key = row  # type: ignore[attr-defined]  # ours, for the operation below
        return view(request, *args, **kwargs)

    decorate_view(_keeping_answers)(once)
    contribute_operation_callback(once, _describe)
    return once


def _keeping_answers(run: View) -> View:
    @functools.wraps(run)
    def run_and_keep(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = None
        try:
            response = run(request, *args, **kwargs)
        finally:
            _settle(request, response)
        return response

    return run_and_keep


def _describe(operation: Operation) -> None:
    operation.openapi_extra = {**(operation.openapi_extra or {}), "parameters": [PARAMETER]}


def _settle(request: HttpRequest, response: Any) -> None:
    row = getattr(request, "claimed_key", None)
    if row is None:
        return
    if response is not None and response.status_code < HTTPStatus.BAD_REQUEST:
        body = response.content.decode()
        services.keep_answer(row=row, status=response.status_code, body=body)
    else:
        services.release(row=row)


def _checked(key: str) -> str:
    if KEY.fullmatch(key):
        return key
    raise InvalidInput(
        _("An Idempotency-Key has 1 to 255 visible ASCII characters."),
        code="invalid_idempotency_key",
        field=HEADER,
    )


def _print_of(request: HttpRequest) -> str:
    """The same for the same request, however its JSON is laid out."""
    body = request.body
    # What takes no body doesn't look at it either.
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()


def _answer_again(row: KeyedRequest) -> HttpResponse:
    answer = HttpResponse(row.body, status=row.status, content_type="application/json")
    answer[REPLAYED] = "true"
    return answer
