"""What ninja's description of the API leaves out: refusals, and where a token is optional.

And the page to read it on.
"""

from collections.abc import Iterator
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mentormatch.auth import AccessToken, OptionalAccessToken
from mentormatch.schemas import Problem

WRITES = ("post", "put", "patch", "delete")
REQUIRED, OPTIONAL = AccessToken.__name__, OptionalAccessToken.__name__


# ReDoc writes its styles into the page, and searches in a worker that it makes.
@csp_update({"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]})
def redoc(request: HttpRequest) -> HttpResponse:
    """The whole description on one page."""
    return render(request, "api/redoc.html")


def complete(schema: dict[str, Any]) -> None:
    """Say of every operation how it refuses (RFC 9457) and whether it answers without a token."""
    _add_problem(schema["components"])
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            refusals = _refusals(path, method, operation)
            operation["responses"] |= {
                status: {"$ref": "#/components/responses/Problem"} for status in refusals
            }
            if operation.get("security") == [{OPTIONAL: []}]:
                operation["security"] = [{}, {REQUIRED: []}]
    schema["components"]["securitySchemes"].pop(OPTIONAL, None)


def _add_problem(components: dict[str, Any]) -> None:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= problem.pop("$defs") | {"Problem": problem}
    components["responses"] = {
        "Problem": {
            "description": "Refused, in the one error shape (RFC 9457).",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
    }


def _refusals(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    """The likely statuses by name, then the rest of them."""
    if operation["parameters"] or "requestBody" in operation:
        yield "400"
    if "security" in operation:
        yield "401"
        yield "403"
    if "{" in path or "requestBody" in operation:
        yield "404"
    if method in WRITES:
        yield "409"
    yield from ("4XX", "5XX")
