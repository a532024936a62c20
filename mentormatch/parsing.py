"""What may stand in a request to the API: JSON that means the same to everyone who reads it."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser

from mentormatch.errors import InvalidInput


class StrictParser(Parser):
    """Refuses what JSON readers disagree about, and text that a database can't hold.

    Duplicate names, `NaN` and `Infinity`, all but UTF-8 (RFC 8259 sections 4, 6 and 8.1), NUL and
    lone surrogates.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        body = json.loads(
            request.body.decode("utf-8-sig"),
            object_pairs_hook=_once_each,
            parse_constant=_refuse_constant,
            parse_float=_number,
        )
        _check_text(body)
        return body

    def parse_querydict(
        self, data: MultiValueDict[str, str], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        values = super().parse_querydict(data, list_fields, request)
        try:
            _check_text(values)
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        return values


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(_("a name stands twice in one object"))
    return made


def _refuse_constant(name: str) -> None:
    raise ValueError(_("%(name)s is not a number in JSON") % {"name": name})


def _number(text: str) -> int | float:
    """`1.0` is as whole as `1` (JSON Schema), as far as everyone reads it the same."""
    number = float(text)
    is_whole = abs(number) < 2**53 and number.is_integer()
    return int(number) if is_whole else number


def _check_text(value: Any) -> None:
    if isinstance(value, dict):
        _check_text([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            _check_text(item)
    elif isinstance(value, str) and ("\0" in value or not _encodes(value)):
        raise ValueError(_("a text holds characters that can't be stored"))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
