"""Accounts: the platform's own, and the Express accounts of its mentors."""

from typing import Any

from .. import config, events, ids, params, store
from ..context import Body, Context
from ..errors import StripeError, UnseenRequest
from ..models import StripeObject
from ..money import CURRENCY_OF
from . import lists

CAPABILITIES = ("card_payments", "transfers")
NEEDED = (
    "business_profile.mcc",
    "business_profile.url",
    "business_type",
    "external_account",
    "individual.dob.day",
    "individual.dob.month",
    "individual.dob.year",
    "individual.email",
    "individual.first_name",
    "individual.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)
BUSINESS_TYPES = ("company", "government_entity", "individual", "non_profit")
PROFILE: params.Spec = {
    "mcc": params.text(),
    "name": params.text(clearable=True),
    "product_description": params.text(clearable=True),
    "support_email": params.text(clearable=True),
    "support_phone": params.text(clearable=True),
    "support_url": params.text(clearable=True),
    "url": params.text(clearable=True),
}
CHANGES: params.Spec = {
    **params.EXPAND,
    "business_profile": params.hash_of(PROFILE),
    "business_type": params.one_of(*BUSINESS_TYPES),
    "capabilities": params.hash_of(
        {name: params.hash_of({"requested": params.boolean}) for name in CAPABILITIES}
    ),
    "default_currency": params.currency,
    "email": params.email,
    "metadata": params.metadata,
}
CREATE: params.Spec = {
    **CHANGES,
    "country": params.text(longest=2),
    "type": params.one_of("express"),
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/accounts`: an Express account that has yet to be onboarded."""
    if not ctx.is_platform:
        raise StripeError("Only the platform can create accounts.", status=403)
    if values.get("type") != "express":
        raise UnseenRequest("The emulator creates Express accounts only.", param="type")
    country = str(values.get("country", config.country())).upper()
    if country not in CURRENCY_OF:
        raise StripeError(
            f"Country '{country}' is unknown. Try using a 2-character alphanumeric country code "
            "instead, such as 'US', 'EG', or 'GB'.",
            code="country_unsupported",
            param="country",
        )
    body = _express(ctx, country, values)
    return shown(store.create(ctx.on(body["id"]), body, ref=ctx.account))


def _express(ctx: Context, country: str, values: dict[str, Any]) -> Body:
    asked = values.get("capabilities", {})
    requested = [name for name in CAPABILITIES if asked.get(name, {}).get("requested")]
    return {
        "id": ids.new("acct"),
        "object": "account",
        "business_profile": _profile(values.get("business_profile", {})),
        "business_type": values.get("business_type"),
        "capabilities": dict.fromkeys(requested, "inactive"),
        "charges_enabled": False,
        "controller": {
            "fees": {"payer": "application_express"},
            "is_controller": True,
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "express"},
            "type": "application",
        },
        "country": country,
        "created": ctx.now,
        "default_currency": values.get("default_currency", CURRENCY_OF[country]),
        "details_submitted": False,
        "email": values.get("email"),
        "external_accounts": None,
        "future_requirements": requirements(()),
        "metadata": params.kept_metadata(values),
        "payouts_enabled": False,
        "requirements": requirements(NEEDED),
        "settings": _settings(None),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "express",
    }


def _profile(values: dict[str, Any]) -> Body:
    empty: Body = dict.fromkeys(PROFILE)
    extra: Body = {
        "annual_revenue": None,
        "estimated_worker_count": None,
        "minority_owned_business_designation": None,
        "support_address": None,
    }
    return empty | extra | values


def _settings(display_name: str | None, *, interval: str = "daily") -> Body:
    schedule = {"delay_days": 7, "interval": interval}
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": display_name, "timezone": "Etc/UTC"},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": schedule,
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def requirements(due: tuple[str, ...]) -> Body:
    """What Stripe still wants to know."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due),
        "pending_verification": [],
    }


def platform() -> Body:
    """The platform's own account. It follows from the settings, so reading it writes nothing."""
    country = config.country()
    ctx = Context(account=config.platform_id(), now=config.PLATFORM_SINCE)
    body = _express(ctx, country, {"business_type": "company"})
    return body | {
        "id": config.platform_id(),
        "capabilities": dict.fromkeys(CAPABILITIES, "active"),
        "charges_enabled": True,
        "controller": {"type": "account"},
        "default_currency": config.settlement_currencies()[0],
        "details_submitted": True,
        "email": "platform@example.com",
        "external_accounts": _external_accounts(config.platform_id()),
        "payouts_enabled": True,
        "requirements": requirements(()),
        "settings": _settings("Test platform", interval="manual"),
        "type": "standard",
    }


def _external_accounts(account: str) -> Body:
    return lists.envelope([], f"/v1/accounts/{account}/external_accounts")


def shown(row: StripeObject) -> Body:
    """A connected account as the API answers it."""
    return {**row.body, "external_accounts": _external_accounts(row.stripe_id)}


def retrieve_own(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/account`: whoever asks."""
    return retrieve(ctx, values, id=ctx.account)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/accounts/{id}`: the asker's own, or one that the platform connected."""
    if id == config.platform_id() and ctx.is_platform:
        return platform()
    row = store.connected(id)
    if row is None or not (ctx.is_platform or ctx.account == id):
        raise no_access(id)
    return shown(row)


def no_access(account: str) -> UnseenRequest:
    """Stripe's answer for an account that isn't the platform's to use."""
    return UnseenRequest(
        f"The provided key '{config.secret_key()[:8]}********' does not have access to account "
        f"'{account[:50]}' (or that account does not exist). Application access may have been "
        "revoked.",
        status=403,
        code="account_invalid",
    )


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/accounts/{id}`."""
    row = store.connected(id)
    if row is None or not ctx.is_platform:
        raise no_access(id)
    body = row.body
    changes: Body = {
        name: values[name]
        for name in ("business_type", "default_currency", "email")
        if name in values
    }
    if "business_profile" in values:
        changes["business_profile"] = body["business_profile"] | values["business_profile"]
    changes["metadata"] = params.kept_metadata(values, body["metadata"])
    if "capabilities" in values:
        changes["capabilities"] = _capabilities(body, values["capabilities"])
    return changed(ctx, row, **changes)


def _capabilities(body: Body, asked: dict[str, Any]) -> Body:
    status = "active" if body["details_submitted"] else "inactive"
    kept = dict(body["capabilities"])
    for name, wish in asked.items():
        if wish.get("requested"):
            kept.setdefault(name, status)
        elif wish:
            kept.pop(name, None)
    return kept


def changed(ctx: Context, row: StripeObject, **changes: Any) -> Body:
    """Write `changes` to the account and tell its platform, if there are any."""
    previous = store.change(row, **changes)
    if previous:
        events.emit(ctx.on(row.stripe_id), "account.updated", shown(row), previous)
    return shown(row)


def complete_onboarding(ctx: Context, row: StripeObject) -> None:
    """The account's owner has told Stripe everything: all it asked for becomes active."""
    changed(
        ctx,
        row,
        business_type=row.body["business_type"] or "individual",
        capabilities=dict.fromkeys(row.body["capabilities"], "active"),
        charges_enabled="card_payments" in row.body["capabilities"],
        details_submitted=True,
        payouts_enabled=True,
        requirements=requirements(()),
    )


def restrict(ctx: Context, row: StripeObject) -> None:
    """Stripe wants to know more, and stops everything until it does."""
    changed(
        ctx,
        row,
        capabilities=dict.fromkeys(row.body["capabilities"], "inactive"),
        charges_enabled=False,
        payouts_enabled=False,
        requirements=requirements(("individual.verification.document",)),
    )


def may_pay_out(ctx: Context) -> bool:
    """Whether what the account holds may go to its bank."""
    row = store.connected(ctx.account)
    return ctx.is_platform or (row is not None and row.body["payouts_enabled"])


def ask_for_another_bank(ctx: Context) -> None:
    """A bank sent a payout back: nothing more is paid out until the owner names another one."""
    row = store.connected(ctx.account)
    if row is not None:
        changed(ctx, row, payouts_enabled=False, requirements=requirements(("external_account",)))


def deauthorize(ctx: Context, row: StripeObject) -> None:
    """The account's owner cuts it off from the platform, which can't use it from then on."""
    application = {"id": "ca_emulator", "object": "application", "name": "Test platform"}
    events.emit(ctx.on(row.stripe_id), "account.application.deauthorized", application)
    row.status = store.CUT_OFF  # only now: nothing is told of it any more
    row.save()


def delete(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`DELETE /v1/accounts/{id}`: in test mode whatever its balance."""
    row = store.connected(id)
    if row is None or not ctx.is_platform:
        raise no_access(id)
    row.status = store.DELETED
    row.save()
    return {"id": id, "object": "account", "deleted": True}


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/accounts`: the platform's connected accounts."""
    rows = StripeObject.objects.filter(type="account", ref=ctx.account)
    rows = rows.exclude(status__in=store.GONE)
    answer = lists.page(rows, values, "/v1/accounts")
    for body in answer["data"]:
        body["external_accounts"] = _external_accounts(body["id"])
    return answer


def default_currency(account: str) -> str:
    """What the account's balance is kept in unless a payment settles in another currency."""
    if account == config.platform_id():
        return config.settlement_currencies()[0]
    return str(StripeObject.objects.get(stripe_id=account).body["default_currency"])
