"""A change of one customer's rules, run and described: what expires from now on, and what stays."""

from django.db.models import Sum

from credits.models import AccountRules, Purchase
from credits.services.account_rules import change_account_rules, rules_of
from ledger.models import PostingSetup
from opportunities.models import Account
from pages import formats
from pages.preview import Change, Preview

TO = {False: "breakage revenue", True: "a liability for unclaimed property"}


def change_and_describe(
    account: Account, *, unclaimed_property: bool, low_balance_credits: int | None, actor
) -> Preview:
    """Changes the rules, and tells how many credits they will expire by."""
    before = rules_of(account)
    after = change_account_rules(
        account, unclaimed_property=unclaimed_property, low_balance_credits=low_balance_credits, actor=actor
    )
    return Preview(
        changes=[*_unclaimed(before, after), *_low_balance(before, after)],
        warnings=_warnings(before, after),
        confirm_label="Save the rules",
    )


def _unclaimed(before: AccountRules, after: AccountRules) -> list[Change]:
    if before.unclaimed_property == after.unclaimed_property:
        return []
    left = _lots(after).aggregate(credits=Sum("credits_available", default=0))["credits"]
    note = f"{formats.counted(left, 'credits')} are left; what expired before stays where it was posted"
    return [Change("What expires goes to", TO[before.unclaimed_property], TO[after.unclaimed_property], note=note)]


def _low_balance(before: AccountRules, after: AccountRules) -> list[Change]:
    values = [low_balance(rules) for rules in (before, after)]
    return [Change("Low balance", *values)] if values[0] != values[1] else []


def low_balance(rules: AccountRules) -> str:
    if rules.low_balance_credits is None:
        return "as the setup says"
    return f"fewer than {formats.counted(rules.low_balance_credits, 'credits')}"


def _warnings(before: AccountRules, after: AccountRules) -> list[str]:
    if before.unclaimed_property == after.unclaimed_property:
        return []
    texts = [_missing(group, product) for group, product in cells(after)] if after.unclaimed_property else []
    if _lots(after).exclude(estimated=0).exists():
        texts.append(
            "Breakage was recognised ahead for credits of this account: the next night takes it back, by entries of its own."
        )
    return texts


def cells(rules: AccountRules) -> list[tuple[str, str]]:
    """The pairs of groups of the customer's paid lots for which the posting setup has no account for unclaimed property."""
    pairs = set(_lots(rules).filter(paid_total__gt=0).values_list("business_group", "product_group"))
    filled = PostingSetup.objects.filter(unclaimed__isnull=False).values_list("business_group", "product_group")
    return sorted(pairs - set(filled))


def _missing(business_group: str, product_group: str) -> str:
    return (
        f"The general posting setup has no unclaimed property account for business group {business_group} and product group "
        f"{product_group}: what expires waits until it has one."
    )


def _lots(rules: AccountRules):
    return Purchase.objects.with_credits_left().filter(account=rules.account_id)
