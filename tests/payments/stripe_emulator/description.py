"""Stripe's published description of its API, and a checker that holds traffic against it.

`stripe_api.json.gz` is a reduced copy: the addresses that the emulator answers, and whatever
their schemas lead to. To make it anew from the whole one (https://github.com/stripe/openapi, the
version that `config.API_VERSION` names, as JSON, gzipped or not), from the checkout:

    .venv/bin/python -m tests.payments.stripe_emulator.description spec3.json
"""

import gzip
import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

REDUCED = Path(__file__).with_name("stripe_api.json.gz")
PREFIX = "#/components/schemas/"
TYPES: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}
Schema = Mapping[str, Any]


class Description:
    """The description. A `tolerant` one lets answers have fields that it doesn't know."""

    def __init__(self, *, tolerant: bool = False) -> None:
        self.tolerant = tolerant
        self.whole = read_json(REDUCED)
        self.schemas: dict[str, Schema] = self.whole["components"]["schemas"]
        self.patterns = {
            path: re.compile("^" + re.sub(r"{\w+}", "[^/]+", path) + "$")
            for path in self.whole["paths"]
        }

    def operation(self, method: str, path: str) -> Schema | None:
        """What is said of one address; literal addresses go before patterns."""
        found = [name for name, pattern in self.patterns.items() if pattern.match(path)]
        for name in sorted(found, key=lambda name: name.count("{")):
            if method.lower() in self.whole["paths"][name]:
                return self.whole["paths"][name][method.lower()]
        return None

    def parameters(self, method: str, path: str) -> Schema:
        """The schema of what may be sent there."""
        operation = self.operation(method, path) or {}
        if method.upper() != "GET":
            # The SDK puts a DELETE's parameters into the address; they are the body's all the same.
            body = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
            return {"additionalProperties": False} | body["schema"]
        query = [entry for entry in operation.get("parameters", []) if entry["in"] == "query"]
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {entry["name"]: entry["schema"] for entry in query},
            "required": [entry["name"] for entry in query if entry.get("required")],
        }

    def request_problems(self, method: str, path: str, encoded: str) -> list[str]:
        """What is wrong with a request by the description."""
        if self.operation(method, path) is None:
            return [f"{method} {path} is not in the description"]
        schema = self.parameters(method, path)
        return list(self.problems(schema, unflatten(encoded), "request", form=True))

    def answer_problems(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer; an address without a description answers errors only."""
        operation = self.operation(method, path)
        name = "200" if status == 200 else "default"
        if operation is None:
            schema: Schema = {"$ref": f"{PREFIX}error"}
        else:
            schema = operation["responses"][name]["content"]["application/json"]["schema"]
        return list(self.problems(schema, body, "answer"))

    def object_problems(self, body: Mapping[str, Any]) -> list[str]:
        """What is wrong with an object that says of itself what it is."""
        name = f"deleted_{body['object']}" if body.get("deleted") else body["object"]
        return list(self.problems({"$ref": PREFIX + name}, body, str(name)))

    def problems(self, schema: Schema, value: Any, at: str, *, form: bool = False) -> Iterator[str]:
        """Walk schema and value together. In a form all scalars are text and lists are hashes."""
        if "$ref" in schema:
            yield from self._referred(schema["$ref"].removeprefix(PREFIX), value, at)
        elif value is None and not form:
            if not schema.get("nullable"):
                yield f"{at} is null"
        elif "anyOf" in schema:
            tries = [
                list(self.problems(each, value, at, form=form))
                for each in self._candidates(schema["anyOf"], value)
            ]
            if not any(found == [] for found in tries):
                yield from min(tries, key=len, default=[f"{at} fits nothing that may stand here"])
        else:
            yield from self._plain(schema, value, at, form=form)

    def _referred(self, name: str, value: Any, at: str) -> Iterator[str]:
        if name not in self.schemas:
            yield f"{at}: {name} is not in the description"
            return
        yield from self.problems(self.schemas[name], value, at)

    def _candidates(self, schemas: list[Schema], value: Any) -> list[Schema]:
        """Of several kinds of object, the one that the value says it is; else all of them."""
        if not (isinstance(value, dict) and "object" in value):
            return schemas
        prefix = "deleted_" if value.get("deleted") else ""
        named = [
            each for each in schemas if each.get("$ref") == f"{PREFIX}{prefix}{value['object']}"
        ]
        return named or schemas

    def _plain(self, schema: Schema, value: Any, at: str, *, form: bool) -> Iterator[str]:
        kind = schema.get("type")
        if form and kind in {"integer", "number", "boolean"}:
            value = _read(value, kind)
        if form and kind == "array" and isinstance(value, dict):
            value = list(value.values())
        if kind and (not isinstance(value, TYPES[kind]) or (kind != "boolean" and value is True)):
            yield f"{at} is no {kind}: {value!r:.80}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at} is {value!r:.80}, not one of {schema['enum']}"
        if isinstance(value, str):
            yield from _text_problems(schema, value, at)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.problems(schema["items"], item, f"{at}[{index}]", form=form)
        if isinstance(value, dict):
            yield from self._hash(schema, value, at, form=form)

    def _hash(
        self, schema: Schema, value: Mapping[str, Any], at: str, *, form: bool
    ) -> Iterator[str]:
        properties = schema.get("properties", {})
        extra = schema.get("additionalProperties", not properties)
        for name in schema.get("required", []):
            if name not in value:
                yield f"{at}.{name} is missing"
        for name, item in value.items():
            inner = properties.get(name, extra)
            if inner is False:
                if form or not self.tolerant:
                    yield f"{at}.{name} is unknown"
            elif isinstance(inner, dict):
                yield from self.problems(inner, item, f"{at}.{name}", form=form)


def _text_problems(schema: Schema, value: str, at: str) -> Iterator[str]:
    if len(value) > schema.get("maxLength", len(value)):
        yield f"{at} is longer than {schema['maxLength']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at} does not match {schema['pattern']}"


def _read(value: Any, kind: str) -> Any:
    """A scalar of a form as what the schema says it is; itself where it can't be that."""
    if not isinstance(value, str):
        return value
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    pattern = r"-?\d+" if kind == "integer" else r"-?\d+(\.\d+)?"
    if re.fullmatch(pattern, value):
        return int(value) if kind == "integer" else float(value)
    return value


def unflatten(encoded: str) -> dict[str, Any]:
    """`a[b][0]=c` and `a[]=c` to nested hashes: the test's own reader, not the emulator's."""
    root: dict[str, Any] = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        first, *rest = re.findall(r"^[^\[\]]+|(?<=\[)[^\[\]]*(?=\])", key)
        node, last = root, first
        for part in rest:
            node = node.setdefault(last, {})
            last = part or str(len(node))
        node[last] = value
    return root


@cache
def described(*, tolerant: bool = False) -> Description:
    """The description, read once in a process: it takes twenty milliseconds.

    Stripe itself is met with tolerance: it adds fields to a version that stands.
    """
    return Description(tolerant=tolerant)


def read_json(path: Path) -> Any:
    """What the file holds, unpacked."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt") as file:
        return json.load(file)


def reduced(whole: Mapping[str, Any], wanted: set[tuple[str, str]]) -> dict[str, Any]:
    """The part of the description that these pairs of method and address lead to."""
    paths: dict[str, Any] = {}
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            if (method.upper(), re.sub(r"{\w+}", "{}", path)) in wanted:
                paths.setdefault(path, {})[method] = operation
    schemas = whole["components"]["schemas"]
    found: set[str] = set()
    waiting = set(_referred(paths))
    while waiting:
        found |= waiting
        waiting = {each for name in waiting for each in _referred(schemas[name])} - found
    kept = {name: schemas[name] for name in found}
    head = {name: whole[name] for name in ("openapi", "info")}
    return head | {"paths": paths, "components": {"schemas": kept}}


def _referred(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _referred(entry)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref" and isinstance(value, str):
                yield value.removeprefix(PREFIX)
            else:
                yield from _referred(value)


def write_reduced(source: Path) -> None:
    """Make the reduced copy anew; the same bytes from the same source."""
    from payments.stripe_emulator.routes import ROUTES

    wanted = {(route.method, re.sub(r"{\w+}", "{}", route.path)) for route in ROUTES}
    text = json.dumps(reduced(read_json(source), wanted), separators=(",", ":"), sort_keys=True)
    REDUCED.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    import os

    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    write_reduced(Path(sys.argv[1]))
