"""Account links: the way to the onboarding page, good for five minutes."""

from typing import Any

from .. import ids, pages, params, store
from ..context import Body, Context
from ..errors import missing_parameter
from ..models import StripeObject
from . import accounts

LIFE = 300
CREATE: params.Spec = {
    **params.EXPAND,
    "account": params.Required(params.text()),
    "collection_options": params.hash_of(
        {
            "fields": params.one_of("currently_due", "eventually_due"),
            "future_requirements": params.one_of("include", "omit"),
        }
    ),
    "refresh_url": params.url,
    "return_url": params.url,
    # `account_update` is for accounts of which the platform itself collects what Stripe wants.
    "type": params.Required(params.one_of("account_onboarding")),
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/account_links`."""
    account = store.connected(values["account"])
    if account is None or not ctx.is_platform:
        raise accounts.no_access(values["account"])
    for name in ("refresh_url", "return_url"):
        if name not in values:
            raise missing_parameter(name)
    token = ids.random_text(32)
    body: Body = {
        "object": "account_link",
        "created": ctx.now,
        "expires_at": ctx.now + LIFE,
        "url": pages.onboarding_url(token),
    }
    StripeObject.objects.create(
        stripe_id=f"accl_{token}",
        type="account_link",
        account=ctx.account,
        created=ctx.now,
        ref=account.stripe_id,
        due_at=body["expires_at"],
        body=body,
        private={name: values[name] for name in ("refresh_url", "return_url")},
    )
    return body
