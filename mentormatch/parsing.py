"""What may stand in a request to the API: JSON that means the same to everyone who reads it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser

from mentormatch.errors import InvalidInput
from mentormatch.problems import LOG_IN_PREFIX, too_large, unreadable
from mentormatch.strict_json import check_text, read_json

# What a program logs in with is nearly flat. Allauth reads it from further down the stack.
DEEPEST = 20


class StrictParser(Parser):
    """Refuses what `read_json` does, and all but UTF-8 (RFC 8259 section 8.1)."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request.body.decode("utf-8-sig"))

    def parse_querydict(
        self, data: MultiValueDict[str, str], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        values = super().parse_querydict(data, list_fields, request)
        try:
            check_text(values)
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        return values


class LogInBodyMiddleware:
    """Refuses at allauth's addresses what `StrictParser` does at ours: it would break on some."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refusal = _refusal(request) if request.path.startswith(LOG_IN_PREFIX) else None
        return refusal or self.get_response(request)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    try:
        if request.body and _levels(read_json(request.body.decode("utf-8-sig"))) > DEEPEST:
            raise ValueError(_("it is nested too deep"))
    except (ValueError, RecursionError) as error:
        return unreadable(error)
    except RequestDataTooBig:
        return too_large()
    return None


def _levels(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_levels, inner), default=0)
