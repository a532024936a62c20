"""What can't be right is 4xx in the one shape and writes nothing, at every address of the API.

Addresses, members and parameters are read from its own description, and what is right there from
the table of roles: whatever is new is asked as well.
"""

import json
import logging
from types import SimpleNamespace

import pytest
from django.test import Client

from mentormatch.problems import problem
from tests.statements import written
from tests.test_api_roles import ROLES, TABLE, make_world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_engine,
    pytest.mark.usefixtures("now"),
]
PROBLEM = set(json.loads(problem(400, "").content))
DESCRIBED = Client().get("/api/v1/openapi.json", headers={"host": "localhost"}).json()
OPERATIONS = {
    f"{method.upper()} {path.removeprefix('/api/v1')}": operation
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
}
# The text of a body's member, or of one in a query: never right for a member of that type.
WRONG_JSON = {
    "integer": [
        *'false true "1" 1.5 1e999 -1e999 NaN Infinity [] {} "" null'.split(),
        *("9" * 30, "-" + "9" * 30, "9" * 5_000),
    ],
    "string": r'1 false [] {} null "\u0000" "\ud800" "a\udfffb"'.split(),
    "boolean": '0 1 "true" "on" [] {} null'.split(),
    "enum": '"nonsense" "" 1 null ["nonsense"]'.split(),
    "date": '"2026-02-30" "2026-06-10T00:00:00Z" 20260610 "10.6.2026" ""'.split(),
    "date-time": """"2026-06-10T10:00:00" "2026-13-01T10:00:00Z" "2026-06-10" 1893492000 "tomorrow"
        "9999-12-31T23:59:59-12:00" "0000-01-01T00:00:00Z" "0001-01-01T01:01:01Z"
        "9999-12-31T00:00:00Z" "" null""".split(),
}
WRONG_IN_A_QUERY = {
    "integer": ["x", "1.5", "1e3", "NaN", "false", "-1000000000000000000000000", "9" * 5_000],
    "string": ["a%00b"],
    "enum": ["nonsense", "%00", "1"],
    "date-time": ["2026-06-10T10:00:00", "2026-06-10", "tomorrow", "1893492000", "NaN"],
}
WRONG_IN_A_PATH = {
    "integer": ["0", "-1", "1.5", "x", "true", "9223372036854775808", "9" * 5_000],
    "string": ["nonsense", "a%00b", "a%20b", "%ff", "..%2f..", "x" * 5_000, "ä", "' or 1=1 --"],
}
NO_BODIES = [
    b"{",
    b"nonsense",
    b"[]",
    b'"text"',
    b"1",
    b"NaN",
    b"\xff\xfe{\x00}\x00",
    b'{"a": "\xff"}',
    b'{"a": "\xed\xa0\x80"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
]


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, "django.request")


@pytest.fixture
def right(api):
    """`right(name)` is a request that is answered well there, and the client to send it by."""
    rows = {row.name: row for row in TABLE}

    def request(name):
        row, world = rows[name], make_world(api)
        role = next((role for role, was in zip(ROLES, row.answers, strict=True) if was < 300), "")
        method, path, body = row.request(world)
        client = world.client_of(role or "nobody")
        return SimpleNamespace(method=method, path=path, body=body or {}, client=client)

    return request


def refusal_of(asked, path="", body=None):
    """What is wrong with the answer to that, if anything; the status it has to have is 4xx."""
    given = {} if body is None else {"data": body, "content_type": "application/json"}
    with written() as statements:
        answer = getattr(asked.client, asked.method)(path or asked.path, **given)
    if not 400 <= answer.status_code < 500:
        return f"{answer.status_code}: {answer.content!r}"
    if answer["Content-Type"] != "application/problem+json" or PROBLEM - set(answer.json()):
        return f"another shape: {answer.content!r}"
    return f"wrote {statements}" if statements else None


def all_refused(asked, attempts):
    """Sends each of them; `attempts` are (what it is called, how it differs)."""
    wrong = {label: refusal_of(asked, **changes) for label, changes in attempts}
    assert wrong, "nothing was asked"
    assert {label: found for label, found in wrong.items() if found} == {}


def schema_of(found):
    while "$ref" in found:
        found = DESCRIBED["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    return found


def options_of(schema):
    """The plain schemas that a value may be of; `None` where one is null."""
    schema = schema_of(schema)
    for option in schema.get("anyOf") or schema.get("allOf") or [schema]:
        yield None if option.get("type") == "null" else schema_of(option)


def kind_of(schema):
    """As `WRONG_JSON` has it, the schema itself, and whether null is right."""
    options = list(options_of(schema))
    (one,) = [option for option in options if option is not None]
    kind = "enum" if "enum" in one or "const" in one else one.get("format", one["type"])
    return kind, one | {k: v for k, v in schema.items() if k != "anyOf"}, None in options


def wrong_members(schema):
    kind, schema, may_be_null = kind_of(schema)
    yield from (text for text in WRONG_JSON[kind] if not (may_be_null and text == "null"))
    if "maxLength" in schema:
        yield json.dumps("x" * (schema["maxLength"] + 1))
    if "minimum" in schema:
        yield str(schema["minimum"] - 1)
    if "maximum" in schema:
        yield str(schema["maximum"] + 1)
    if "minLength" in schema or "pattern" in schema:
        yield '""'


def with_member(body, name, text):
    """The body as JSON, but in that member's place the text as it stands."""
    return json.dumps(body | {name: "@here@"}).replace('"@here@"', text)


WITH_BODY = {
    name: operation["requestBody"] for name, operation in OPERATIONS.items()
    if "requestBody" in operation
}  # fmt: skip


def body_attempts(asked, described):
    given = described["content"]["application/json"]["schema"]
    (schema,) = [option for option in options_of(given) if option is not None]
    yield from ((f"body {n}", {"body": body}) for n, body in enumerate(NO_BODIES))
    if described.get("required"):
        yield from ((repr(body), {"body": body}) for body in (b"", b"null"))
    for name in schema.get("required", ()):
        left = {key: value for key, value in asked.body.items() if key != name}
        yield f"no {name}", {"body": json.dumps(left)}
    for name, member in schema["properties"].items():
        for text in wrong_members(member):
            yield f"{name}: {text[:50]}", {"body": with_member(asked.body, name, text)}
        twice = json.dumps({name: asked.body.get(name)})[:-1]
        more = json.dumps(asked.body | {name: asked.body.get(name)})[1:]
        yield f"{name} twice", {"body": f"{twice}, {more}"}
    for name in ("unknown", "__proto__", "id", "status"):
        yield f"unknown: {name}", {"body": json.dumps(asked.body | {name: 1})}
    yield "5 MB", {"body": json.dumps(asked.body | {"unknown": "x" * 5 * 2**20})}


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_body_with_something_wrong_is_refused(right, name):
    asked = right(name)
    all_refused(asked, body_attempts(asked, WITH_BODY[name]))
    sent = {"data": asked.body, "content_type": "application/json"}
    assert getattr(asked.client, asked.method)(asked.path, **sent).status_code < 300


def query_attempts(asked, parameters):
    yield "unknown", {"path": f"{asked.path}?unknown=1"}
    for parameter in parameters:
        kind, schema, _ = kind_of(parameter["schema"])
        texts = list(WRONG_IN_A_QUERY[kind])
        texts += [str(schema["minimum"] - 1)] if "minimum" in schema else []
        texts += [str(schema["maximum"] + 1)] if "maximum" in schema else []
        texts += ["x" * (schema["maxLength"] + 1)] if "maxLength" in schema else []
        for text in texts:
            path = f"{asked.path}?{parameter['name']}={text}"
            yield f"{parameter['name']}={text[:50]}", {"path": path}


def parameters_of(place):
    found = {
        name: [parameter for parameter in operation["parameters"] if parameter["in"] == place]
        for name, operation in OPERATIONS.items()
    }
    return {name: parameters for name, parameters in found.items() if parameters}


@pytest.mark.parametrize("name", WITH_QUERY := parameters_of("query"))
def test_a_query_with_something_wrong_is_refused(right, name):
    asked = right(name)
    all_refused(asked, query_attempts(asked, WITH_QUERY[name]))
    assert asked.client.get(asked.path).status_code == 200


@pytest.mark.parametrize("name", WITH_PATH := parameters_of("path"))
def test_an_id_that_is_none_is_refused(right, name):
    asked = right(name)
    ((kind, _, _),) = [kind_of(parameter["schema"]) for parameter in WITH_PATH[name]]
    start, _, rest = f"/api/v1{name.partition(' ')[2]}".partition("{")
    paths = [start + text + rest.partition("}")[2] for text in WRONG_IN_A_PATH[kind]]
    body = json.dumps(asked.body) if asked.body else None
    all_refused(asked, [(path[:80], {"path": path, "body": body}) for path in paths])
