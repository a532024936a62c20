"""One request in, one answer out: key, account, idempotency, endpoint, `expand`, errors."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, transaction

from . import config, expand, formdata, idempotency, ids, params, routes, store
from .context import Context
from .errors import CardError, StripeError, UnseenRequest
from .idempotency import Answer
from .resources import accounts
from .router import ALIAS


@dataclass(frozen=True)
class Request:
    """What came over the wire. Header names are lower case."""

    method: str
    path: str
    pairs: formdata.Pairs
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Response:
    """What goes back."""

    status: int
    text: str
    headers: dict[str, str]


def parse(method: str, path: str, encoded: str, headers: Mapping[str, str]) -> Request:
    """A request from its encoded parameters; raises Stripe's error where they can't be read."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return Request(method.upper(), path.rstrip("/"), formdata.decode(encoded), lowered)


def handle(method: str, path: str, encoded: str, headers: Mapping[str, str]) -> Response:
    """Answer one request. Whatever it changed is committed when this returns."""
    request_id = ids.new("req")
    try:
        request = parse(method, path, encoded, headers)
        ctx = _context(request, request_id)
        answer = _read(ctx, request) if request.method == "GET" else _write(ctx, request)
    except StripeError as error:
        answer = Answer(error.status, error.body())
    return respond(request_id, answer, headers)


def respond(request_id: str, answer: Answer, headers: Mapping[str, str]) -> Response:
    """The answer with Stripe's headers."""
    out = {
        "Content-Type": "application/json",
        "Request-Id": request_id,
        "Stripe-Version": config.API_VERSION,
    }
    key = next((value for name, value in headers.items() if name.lower() == "idempotency-key"), "")
    if key:
        out["Idempotency-Key"] = key
    if answer.replayed_from:
        out |= {"Idempotent-Replayed": "true", "Original-Request": answer.replayed_from}
    if answer.status >= 500:
        # The SDK would only be told the same again under this key.
        out["Stripe-Should-Retry"] = "false"
    return Response(answer.status, json.dumps(answer.body), out)


def _context(request: Request, request_id: str) -> Context:
    _check_key(request.headers.get("authorization", ""))
    version = request.headers.get("stripe-version", config.API_VERSION)
    if version != config.API_VERSION:
        raise UnseenRequest(
            f"The emulator speaks API version {config.API_VERSION}, not {version[:40]}."
        )
    account = request.headers.get("stripe-account") or config.platform_id()
    if account != config.platform_id() and store.connected(account) is None:
        raise accounts.no_access(account)
    return Context(
        account=account,
        now=config.timestamp(),
        request_id=request_id,
        idempotency_key=request.headers.get("idempotency-key"),
    )


def _check_key(authorization: str) -> None:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key).decode().partition(":")[0]
        except ValueError:  # not base64, or not text
            key = ""
    if not key:
        raise UnseenRequest(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
            "YOUR_SECRET_KEY').",
            status=401,
        )
    if not hmac.compare_digest(key.encode(), config.secret_key().encode()):
        raise UnseenRequest(f"Invalid API Key provided: {key[:8]}********", status=401)


def _values(request: Request, route: routes.Route) -> dict[str, Any]:
    return params.read(route.spec, formdata.unflatten(request.pairs))


def _read(ctx: Context, request: Request) -> Answer:
    """A GET: never writes, so that it may be asked from within anyone's transaction."""
    route, parts = routes.find(request.method, request.path)
    values = _values(request, route)
    body = route.handler(ctx, values, **parts)
    return Answer(200, expand.apply(ctx, body, values.get("expand", [])))


def _write(ctx: Context, request: Request) -> Answer:
    """One short transaction: the endpoint's effects, its events and its remembered answer."""
    seen = idempotency.fingerprint(request.method, request.path, request.pairs)
    try:
        with transaction.atomic(using=ALIAS):
            first = idempotency.first_answer(ctx, seen)
            if first:
                return first
            answer = _execute(ctx, request)
            idempotency.remember(ctx, seen, answer)
            return answer
    except OperationalError as error:
        if "locked" not in str(error):
            raise
        raise lock_timeout() from error


def _execute(ctx: Context, request: Request) -> Answer:
    """Run the endpoint. An error undoes what it wrote, but for a declined card's attempt."""
    route, parts = routes.find(request.method, request.path)
    values = _values(request, route)
    try:
        with transaction.atomic(using=ALIAS):
            try:
                body = route.handler(ctx, values, **parts)
            except CardError as error:
                return Answer(error.status, error.body())
            return Answer(200, expand.apply(ctx, body, values.get("expand", [])))
    except UnseenRequest:
        raise
    except StripeError as error:
        return Answer(error.status, error.body())


def lock_timeout() -> UnseenRequest:
    """The book stayed busy for longer than one waits."""
    return UnseenRequest(
        "This object cannot be accessed right now because another API request or Stripe process "
        "is currently accessing it. If you see this error intermittently, retry the request.",
        code="lock_timeout",
        status=429,
    )


def remember_failure(method: str, path: str, encoded: str, headers: Mapping[str, str]) -> Response:
    """Answer 500 without doing anything, and keep answering so under the request's key."""
    request_id = ids.new("req")
    error = StripeError("An unknown error occurred.", kind="api_error", status=500)
    answer = Answer(500, error.body())
    try:
        request = parse(method, path, encoded, headers)
        if request.method != "GET":
            _keep(_context(request, request_id), request, answer)
    except UnseenRequest as refused:
        answer = Answer(refused.status, refused.body())
    return respond(request_id, answer, headers)


def _keep(ctx: Context, request: Request, answer: Answer) -> None:
    seen = idempotency.fingerprint(request.method, request.path, request.pairs)
    with transaction.atomic(using=ALIAS):
        if idempotency.first_answer(ctx, seen) is None:
            idempotency.remember(ctx, seen, answer)
