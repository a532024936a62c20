"""The first answer to an idempotency key is the answer for 24 hours."""

import hashlib
import json
from dataclasses import dataclass

from .context import Body, Context
from .errors import UnseenRequest
from .formdata import Pairs
from .models import IdempotencyKey

KEPT_FOR = 24 * 60 * 60
LONGEST_KEY = 255


@dataclass(frozen=True)
class Answer:
    """Status and JSON of one answer; `replayed_from` is the request that got it first."""

    status: int
    body: Body
    replayed_from: str | None = None


def fingerprint(method: str, path: str, pairs: Pairs) -> str:
    """The same for the same request, whatever the order of its parameters."""
    return hashlib.sha256(json.dumps([method, path, sorted(pairs)]).encode()).hexdigest()


def first_answer(ctx: Context, print_of_request: str) -> Answer | None:
    """What this key was answered before; an error where the request is another one."""
    key = ctx.idempotency_key
    if not key:
        return None
    if len(key) > LONGEST_KEY:
        raise UnseenRequest(
            f"Idempotency keys may be at most {LONGEST_KEY} characters long.",
            kind="idempotency_error",
        )
    row = _kept(ctx, key)
    if row is None:
        return None
    if row.fingerprint != print_of_request:
        raise UnseenRequest(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            kind="idempotency_error",
        )
    return Answer(row.status, row.answer, replayed_from=row.request_id)


def _kept(ctx: Context, key: str) -> IdempotencyKey | None:
    rows = IdempotencyKey.objects.filter(account=ctx.account, key=key)
    return rows.filter(created__gt=ctx.now - KEPT_FOR).first()


def remember(ctx: Context, print_of_request: str, answer: Answer) -> None:
    """Keep the answer under the request's key."""
    if ctx.idempotency_key:
        IdempotencyKey.objects.update_or_create(
            account=ctx.account,
            key=ctx.idempotency_key,
            defaults={
                "fingerprint": print_of_request,
                "request_id": ctx.request_id or "",
                "status": answer.status,
                "answer": answer.body,
                "created": ctx.now,
            },
        )


def forget_old(now: int) -> int:
    """Drop the keys that have lapsed; gives their number."""
    return IdempotencyKey.objects.filter(created__lte=now - KEPT_FOR).delete()[0]
