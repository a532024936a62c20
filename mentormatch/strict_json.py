"""JSON that means the same to everyone who reads it, and that a database can hold."""

import json
import math
from typing import Any

from django.utils.translation import gettext as _

# Levels that everything after us can go down, whatever the stack holds already.
SHALLOW = 200


def read_json(text: str) -> Any:
    """What a text says that was UTF-8; `ValueError` where readers disagree or none can store it.

    Duplicate names, `NaN`, `Infinity` and numbers beyond all floats (RFC 8259 sections 4 and 6),
    NUL and lone surrogates. `RecursionError` for what is nested too deep.
    """
    body = json.loads(
        text, object_pairs_hook=_once_each, parse_constant=_refuse_constant, parse_float=_number
    )
    # Nothing else can stand for such a text, or go so deep: most needn't be walked through.
    if "\\u" in text or text.count("{") + text.count("[") > SHALLOW:
        check_text(body)
    return body


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
    if math.isinf(number):
        raise ValueError(_("%(number)s is too large a number") % {"number": text[:20]})
    is_whole = abs(number) < 2**53 and number.is_integer()
    return int(number) if is_whole else number


def check_text(value: Any) -> None:
    """Raise `ValueError` where a text within holds NUL or a lone surrogate."""
    if isinstance(value, dict):
        check_text([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            check_text(item)
    elif isinstance(value, str) and ("\0" in value or not _encodes(value)):
        raise ValueError(_("a text holds characters that can't be stored"))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
