"""Rules of one customer's services credits: unclaimed property, and when its balance counts as low.

Books: none now. Under unclaimed property (rule 8c) what expires from now on goes to a liability instead of breakage revenue;
nothing that is posted changes.
"""

from django.db import transaction

from credits.models import AccountRules
from credits.services.setup import refusal_of_low_balance
from ledger.services.changes import made_by
from opportunities.models import Account
from opportunities.services.locks import lock_account


@transaction.atomic
def change_account_rules(
    account: Account, *, unclaimed_property: bool, low_balance_credits: int | None, actor
) -> AccountRules:
    """Makes the rules hold for the customer from now on. A customer that never had any keeps none where nothing differs
    from the setup. Refused (BadSetting): a low balance below 1."""
    if refusal := refusal_of_low_balance(low_balance_credits):
        raise refusal
    lock_account(account.pk)
    rules = rules_of(account)
    wanted = {"unclaimed_property": unclaimed_property, "low_balance_credits": low_balance_credits}
    if all(getattr(rules, name) == value for name, value in wanted.items()):
        return rules
    made_by(actor, "Change services credits rules")
    for name, value in wanted.items():
        setattr(rules, name, value)
    rules.save()
    return rules


def rules_of(account: Account) -> AccountRules:
    """The rules of the customer: its own, or those of everybody."""
    return AccountRules.objects.filter(account=account).first() or AccountRules(account=account)
