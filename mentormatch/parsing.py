"""What may stand in a request to the API: JSON that means the same to everyone who reads it."""

from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from mentormatch.errors import InvalidInput
from mentormatch.strict_json import check_text, read_json


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
