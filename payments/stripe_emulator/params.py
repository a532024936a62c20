"""What an endpoint accepts: a table of parameter names and readers.

A reader turns the text of a form field into a value or raises Stripe's error for it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import invalid_parameter, missing_parameter, unknown_parameter
from .money import is_currency

Reader = Callable[[Any, str], Any]
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}")
PLACE = re.compile(r"[0-9]{1,4}")  # in a list
LONGEST = 5000
MOST_LABELS = 50


@dataclass(frozen=True)
class Required:
    """A parameter that has to be sent."""

    reader: Reader


Spec = Mapping[str, "Reader | Required"]


def read(spec: Spec, raw: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The typed parameters. An unknown name, a missing one or a bad value is an error."""
    for name in raw:
        if name not in spec:
            raise unknown_parameter(_full(prefix, name))
    values: dict[str, Any] = {}
    for name, entry in spec.items():
        reader = entry.reader if isinstance(entry, Required) else entry
        if name in raw:
            values[name] = reader(raw[name], _full(prefix, name))
        elif isinstance(entry, Required):
            raise missing_parameter(_full(prefix, name))
    return values


def _full(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def text(*, longest: int = LONGEST, clearable: bool = False) -> Reader:
    """A string; an empty one clears the value where that is allowed."""

    def reader(value: Any, name: str) -> str | None:
        if not isinstance(value, str):
            raise invalid_parameter(f"Invalid string: {name}", name)
        if value == "":
            if clearable:
                return None
            raise invalid_parameter(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt "
                f"to unset a parameter; however '{name}' cannot be unset. You should remove "
                f"'{name}' from your request or supply a non-empty value.",
                name,
                "parameter_invalid_empty",
            )
        if len(value) > longest:
            raise invalid_parameter(
                f"Invalid string: {value[:20]}...; must be at most {longest} characters", name
            )
        return value

    return reader


def integer(*, least: int | None = None, most: int | None = None) -> Reader:
    """A whole number within bounds."""

    def reader(value: Any, name: str) -> int:
        if not isinstance(value, str) or not WHOLE_NUMBER.fullmatch(value):
            shown = value[:40] if isinstance(value, str) else name
            raise invalid_parameter(f"Invalid integer: {shown}", name, "parameter_invalid_integer")
        number = int(value)
        if least is not None and number < least:
            message = (
                f"This value must be greater than or equal to {least} (it currently is '{number}')."
            )
            raise invalid_parameter(message, name, "parameter_invalid_integer")
        if most is not None and number > most:
            message = (
                f"This value must be less than or equal to {most} (it currently is '{number}')."
            )
            raise invalid_parameter(message, name, "parameter_invalid_integer")
        return number

    return reader


def boolean(value: Any, name: str) -> bool:
    """`true` or `false`, in those words."""
    if value not in ("true", "false"):
        raise invalid_parameter(f"Invalid boolean: {str(value)[:40]}", name)
    return bool(value == "true")


def one_of(*choices: str) -> Reader:
    """One of the named words."""

    def reader(value: Any, name: str) -> str:
        if value not in choices:
            allowed = " or ".join(choices) if len(choices) < 3 else ", ".join(choices)
            raise invalid_parameter(f"Invalid {name}: must be one of {allowed}", name)
        return str(value)

    return reader


def currency(value: Any, name: str) -> str:
    """An ISO 4217 code that can be charged in, lower case."""
    code = value.lower() if isinstance(value, str) else ""
    if not is_currency(code):
        raise invalid_parameter(f"Invalid currency: {str(value)[:20]}", name)
    return code


def url(value: Any, name: str) -> str:
    """An absolute http or https address."""
    if not isinstance(value, str) or len(value) > LONGEST or not _is_address(value):
        raise invalid_parameter(
            "Not a valid URL: it must be absolute and begin with http:// or https://",
            name,
            "url_invalid",
        )
    return value


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:  # an IPv6 address that isn't closed
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def email(value: Any, name: str) -> str:
    """An address with one @ and a dot in its domain."""
    local, _, domain = str(value).rpartition("@")
    if not isinstance(value, str) or not local or "." not in domain or len(value) > 800:
        raise invalid_parameter(f"Invalid email address: {str(value)[:100]}", name, "email_invalid")
    return value


def hash_of(spec: Spec) -> Reader:
    """A nested hash with its own table of names."""

    def reader(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid_parameter(f"Invalid object: {name}", name)
        return read(spec, value, name)

    return reader


def list_of(item: Reader, *, most: int = 100) -> Reader:
    """A list, sent as `name[0]`, `name[1]`, …"""

    def reader(value: Any, name: str) -> list[Any]:
        if not isinstance(value, dict) or not all(map(PLACE.fullmatch, value)):
            raise invalid_parameter(f"Invalid array: {name}", name)
        if len(value) > most:
            raise invalid_parameter(f"Array too long: {name}; at most {most} elements", name)
        ordered = sorted(value, key=int)
        return [item(value[key], f"{name}[{key}]") for key in ordered]

    return reader


def metadata(value: Any, name: str) -> dict[str, str | None] | None:
    """Keys of up to 40 characters with values of 500; an empty value removes its key.

    `None`, for an empty one, removes them all.
    """
    if value == "":
        return None
    if not isinstance(value, dict):
        raise invalid_parameter("Metadata must be a hash", name)
    for key, entry in value.items():
        if not isinstance(entry, str) or len(key) > 40 or len(entry) > 500:
            raise invalid_parameter(
                "Metadata keys must be at most 40 and values at most 500 characters long",
                f"{name}[{key[:40]}]",
            )
    return {key: entry or None for key, entry in value.items()}


def kept_metadata(
    values: Mapping[str, Any], old: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What the parameter `metadata` makes of the `old` ones; without it they stay."""
    if "metadata" not in values:
        return dict(old or {})
    new = values["metadata"]
    both = {} if new is None else {**(old or {}), **new}
    kept = {key: value for key, value in both.items() if value is not None}
    if len(kept) > MOST_LABELS:
        raise invalid_parameter(f"Metadata can have at most {MOST_LABELS} keys", "metadata")
    return kept


TIME_RANGE: Spec = {name: integer(least=0) for name in ("gt", "gte", "lt", "lte")}


def time_range(value: Any, name: str) -> dict[str, int]:
    """`created=…`, or `created[gte]=…`: bounds in Unix seconds."""
    if isinstance(value, dict):
        return read(TIME_RANGE, value, name)
    exact = integer(least=0)(value, name)
    return {"gte": exact, "lte": exact}


EXPAND: Spec = {"expand": list_of(text(), most=20)}
CURSOR: Spec = {
    **EXPAND,
    "limit": integer(least=1, most=100),
    "starting_after": text(),
    "ending_before": text(),
}
PAGING: Spec = {**CURSOR, "created": time_range}
NOTHING: Spec = {}
ADDRESS: Spec = {
    name: text(clearable=True)
    for name in ("city", "country", "line1", "line2", "postal_code", "state")
}
