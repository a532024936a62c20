"""Stripe's form encoding: `line_items[0][price_data][currency]=eur` to nested values."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from .errors import UnseenRequest

KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
PART = re.compile(r"\[([^\[\]]*)\]")
MAX_DEPTH = 8
MAX_PAIRS = 1000

Pairs = list[tuple[str, str]]


def decode(text: str) -> Pairs:
    """A query string or form body to its pairs; 400 where it can't be read."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PAIRS, errors="strict")
    except ValueError as error:
        raise UnseenRequest("The form body could not be read.") from error


def unflatten(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nested hashes; a list stays a hash with the keys "0", "1", … until its parameter is read."""
    root: dict[str, Any] = {}
    for key, value in pairs:
        _put(root, key, value)
    return root


def _put(root: dict[str, Any], key: str, value: str) -> None:
    match = KEY.match(key)
    if match is None:
        raise UnseenRequest(f"Invalid parameter name: {key[:100]}", param=key[:100])
    path = [match[1], *PART.findall(match[2])]
    if len(path) > MAX_DEPTH:
        raise UnseenRequest("The parameters are nested too deeply.", param=match[1])
    node = root
    for part in path[:-1]:
        child = node.setdefault(part or str(len(node)), {})
        if not isinstance(child, dict):
            raise UnseenRequest(f"Invalid hash: {match[1]}", param=match[1])
        node = child
    node[path[-1] or str(len(node))] = value
