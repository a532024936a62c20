"""Stripe's published description of its API, and a checker that holds traffic against it.

`stripe_api.json` is a reduced copy: the addresses and schemas that these tests meet. To make it
anew from the whole description (https://github.com/stripe/openapi, the version that the file
names; `.json` or `.json.gz`):

    STRIPE_API_DESCRIPTION=spec3.json.gz pytest tests/payments/stripe_emulator -p no:xdist
"""

import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

REDUCED = Path(__file__).with_name("stripe_api.json")
PREFIX = "#/components/schemas/"
TYPES: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}
UNREAD = {"encoding", "explode", "operationId", "style"}
Schema = Mapping[str, Any]


class Description:
    """The description, and which parts of it were used."""

    def __init__(self) -> None:
        self.source = Path(os.environ.get("STRIPE_API_DESCRIPTION", REDUCED))
        opened = gzip.open if self.source.suffix == ".gz" else open
        with opened(self.source, "rt") as file:
            self.whole = json.load(file)
        self.schemas: dict[str, Schema] = self.whole["components"]["schemas"]
        self.used_schemas: set[str] = set()
        self.used_operations: set[tuple[str, str]] = set()
        self.visited: set[int] = set()
        self.patterns = {
            path: re.compile("^" + re.sub(r"{\w+}", "[^/]+", path) + "$")
            for path in self.whole["paths"]
        }

    def operation(self, method: str, path: str) -> Schema | None:
        """What the description says of one address; literal addresses go before patterns."""
        found = [name for name, pattern in self.patterns.items() if pattern.match(path)]
        for name in sorted(found, key=lambda name: name.count("{")):
            if method.lower() in self.whole["paths"][name]:
                self.used_operations.add((name, method.lower()))
                return self.whole["paths"][name][method.lower()]
        return None

    def request_problems(self, method: str, path: str, encoded: str) -> list[str]:
        """What is wrong with a request by the description."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path} is not in the description"]
        if method.upper() == "POST":
            schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
            return list(self.problems(schema["schema"], unflatten(encoded), "request", form=True))
        query = [entry for entry in operation.get("parameters", []) if entry["in"] == "query"]
        schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {entry["name"]: entry["schema"] for entry in query},
            "required": [entry["name"] for entry in query if entry.get("required")],
        }
        return list(self.problems(schema, unflatten(encoded), "query", form=True))

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
        self.visited.add(id(schema))
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
            yield f"{at}: {name} is not in the description, or not in the reduced copy"
            return
        self.used_schemas.add(name)
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
                yield f"{at}.{name} is unknown, or not in the reduced copy"
            elif isinstance(inner, dict):
                yield from self.problems(inner, item, f"{at}.{name}", form=form)

    def write_reduced(self) -> None:
        """Keep what was used: the copy that stands beside this module."""
        paths: dict[str, Any] = {}
        for path, method in sorted(self.used_operations):
            paths.setdefault(path, {})[method] = self._reduced(self.whole["paths"][path][method])
        schemas = {name: self._reduced(self.schemas[name]) for name in sorted(self.used_schemas)}
        reduced = {
            "openapi": self.whole["openapi"],
            "info": self.whole["info"],
            "paths": paths,
            "components": {"schemas": schemas},
        }
        REDUCED.write_text(json.dumps(reduced, indent=1, sort_keys=True) + "\n")

    def _reduced(self, node: Any) -> Any:
        """A part of the description without the parameters and fields that nothing used."""
        if isinstance(node, list):
            return [self._reduced(entry) for entry in node]
        if not isinstance(node, dict):
            return node
        kept = {}
        for name, value in node.items():
            if name == "properties":
                used = {key: entry for key, entry in value.items() if id(entry) in self.visited}
                kept[name] = {key: self._reduced(entry) for key, entry in used.items()}
            elif name == "parameters":
                used = [entry for entry in value if id(entry["schema"]) in self.visited]
                kept[name] = self._reduced(used)
            elif not name.startswith("x-") and name not in UNREAD:
                kept[name] = self._reduced(value)
        return kept


def _text_problems(schema: Schema, value: str, at: str) -> Iterator[str]:
    if len(value) > schema.get("maxLength", len(value)):
        yield f"{at} is longer than {schema['maxLength']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at} does not match {schema['pattern']}"


def _read(value: Any, kind: str) -> Any:
    """A scalar of a form as what the schema says it is; itself where it can't be that."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    pattern = r"-?\d+" if kind == "integer" else r"-?\d+(\.\d+)?"
    if isinstance(value, str) and re.fullmatch(pattern, value):
        return int(value) if kind == "integer" else float(value)
    return value


def unflatten(encoded: str) -> dict[str, Any]:
    """`a[b][0]=c` to nested hashes: the test's own reader, not the emulator's."""
    root: dict[str, Any] = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        *path, last = re.findall(r"[^\[\]]+", key)
        node = root
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return root
