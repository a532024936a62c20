"""Every refusal of the API in one shape: `application/problem+json` (RFC 9457)."""

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from mentormatch.errors import DomainError, NotFound, TryAgain

API_PREFIX = "/api/"
# Allauth's, whose refusals are JSON of their own; what breaks there is told as everywhere.
LOG_IN_PREFIX = "/_allauth/"
SWALLOWED_BYTES, SWALLOWED_AT_ONCE = 16 * 2**20, 2**16
RETRY_AFTER_SECONDS = {429: 60, 503: 5}
CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "too_many_requests",
    503: TryAgain.code,
}


def problem(
    status: int,
    detail: str,
    *,
    code: str = "",
    errors: Iterable[Mapping[str, Any]] = (),
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """An answer of that status; `extra` stands beside the standard members."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code or CODES.get(status, "error"),
        "errors": [{"field": e["field"], "message": str(e["message"])} for e in errors],
        **(extra or {}),
    }
    response = HttpResponse(
        json.dumps(body), status=status, content_type="application/problem+json"
    )
    if status in RETRY_AFTER_SECONDS:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS[status])
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def domain_problem(error: DomainError) -> HttpResponse:
    return problem(
        error.status,
        str(error),
        code=error.code,
        errors=error.errors,
        extra=error.extra,
    )


def _field(location: Iterable[Any]) -> str:
    """`("body", "payload", "starts_at")` → `starts_at`: the argument's name is ours alone."""
    parts = [str(part) for part in location]
    if parts and parts[0] in {"body", "query", "path", "header"}:
        parts = parts[2:] if parts[0] == "body" else parts[1:]
    return ".".join(parts)


def _invalid(error: ValidationError) -> HttpResponse:
    errors = [
        {
            "field": _field(e.get("loc", ())),
            "message": e["msg"].removeprefix("Value error, "),
        }
        for e in error.errors
    ]
    return problem(400, _("Some of what was sent isn't valid: see errors."), errors=errors)


def unreadable(why: BaseException) -> HttpResponse:
    return problem(400, _("The body can't be read as JSON: %(why)s.") % {"why": why})


def too_large() -> HttpResponse:
    return problem(413, _("The body is too large."))


def _refused(error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, ValueError | RecursionError):
        return unreadable(error.__cause__)
    return problem(error.status_code, str(error))


def _throttled(error: Throttled) -> HttpResponse:
    answer = problem(429, _("That was too much in a minute. Wait, then go on more slowly."))
    if error.wait:
        answer["Retry-After"] = str(error.wait)
    return answer


def install(api: NinjaAPI) -> None:
    """Teach the API to say every refusal in the one shape."""

    def handle(kind: type[Exception], answer: Callable[[Any], HttpResponse]) -> None:
        def handler(request: HttpRequest, error: Any) -> HttpResponse:
            return answer(error)

        api.add_exception_handler(kind, handler)

    handle(DomainError, domain_problem)
    handle(Http404, lambda error: domain_problem(NotFound()))
    handle(ValidationError, _invalid)
    handle(HttpError, _refused)
    handle(Throttled, _throttled)
    handle(
        AuthenticationError,
        lambda error: problem(401, _("Log in: send a valid access token as a bearer token.")),
    )
    handle(RequestDataTooBig, lambda error: too_large())


class ProblemMiddleware:
    """Gives the one shape to refusals that no endpoint gave (404, 405, 413, 500, 503)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            _swallow(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or _is_in_shape(request, response):
            return response
        status = HTTPStatus(response.status_code)
        converted = problem(status, _sentence(status))
        if "Allow" in response:
            converted["Allow"] = response["Allow"]
        return converted


def _is_in_shape(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether it is for people, or as programs expect it."""
    kind = response.get("Content-Type", "")
    if request.path.startswith(LOG_IN_PREFIX):
        return "json" in kind
    return not request.path.startswith(API_PREFIX) or kind.startswith("application/problem+json")


def _swallow(request: HttpRequest) -> None:
    """Read what is still being sent and keep nothing of it, up to `SWALLOWED_BYTES`.

    A connection that is closed with unread bytes is reset, and the sender never sees why.
    """
    for _chunk in range(SWALLOWED_BYTES // SWALLOWED_AT_ONCE):
        try:
            if not request.read(SWALLOWED_AT_ONCE):
                return
        except UnreadablePostError:
            return


def _sentence(status: HTTPStatus) -> str:
    if status == HTTPStatus.BAD_REQUEST:
        return _("That request can't be read, or it asks for another site.")
    if status == HTTPStatus.NOT_FOUND:
        return _("There is no such address.")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return _("That address doesn't take this method.")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return str(TryAgain.message)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _("Something broke on our side. Try again; if it stays, tell us.")
    return status.description or status.phrase
