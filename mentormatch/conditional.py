"""Reads that say whether anything has changed: `ETag` and `If-None-Match`."""

from collections.abc import Callable
from typing import Any

from django.views.decorators.http import conditional_page
from ninja.decorators import decorate_view
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

View = Callable[..., Any]
PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The `ETag` of an earlier answer: 304 and no body while it is the same.",
}


def conditional(view: View) -> View:
    """Put below `@router.get`: the answer has an `ETag`, and is 304 to whoever has it already."""
    decorate_view(conditional_page)(view)
    contribute_operation_callback(view, _describe)
    return view


def _describe(operation: Operation) -> None:
    operation.openapi_extra = {
        **(operation.openapi_extra or {}),
        "parameters": [PARAMETER],
        "responses": {304: {"description": "Unchanged"}},
    }
