"""What tests are made of: a company, customers, lots and milestones, each call one thing with sensible terms."""

import datetime
import itertools
from decimal import Decimal

from django.contrib.auth import get_user_model

from credits.models import CreditsSetup, Milestone, Purchase
from credits.services.purchases import create_purchase
from credits.services.terms import Terms
from ledger.dates import ledger_setup
from ledger.models import AccountingPeriod, Currency, ExchangeRate, JournalLine, LedgerAccount, ManualEntry
from ledger.reports import trial_balance as reports
from ledger.services.chart import install_chart
from ledger.services.manual import create_draft
from ledger.services.manual_lines import ManualLine, ManualTerms
from ledger.services.periods import approve_reopening, close_period, create_months, request_reopening
from ledger.services.posting import pair, post
from opportunities.models import Account, Opportunity, OpportunityLine, Product, Project

_count = itertools.count(1)


def make_company(*, lcy: str = "USD", time_zone: str = "UTC") -> None:
    install_chart(company_name="Lot & Sons", lcy=lcy, time_zone=time_zone)
    CreditsSetup.objects.get_or_create(id=1, defaults={"product_group_id": "CREDITS"})


def make_user(name: str = "sam", **kwargs):
    user, _ = get_user_model().objects.get_or_create(username=name, defaults=kwargs)
    return user


def make_account(name: str = "Harbour Logistics", *, currency: str = "USD") -> Account:
    return Account.objects.create(
        number=f"A{next(_count):05d}", name=name, currency_id=currency, business_group_id="DOMESTIC"
    )


def make_rate(currency: str, rate: str, *, starting_on: datetime.date = datetime.date(2020, 1, 1)) -> ExchangeRate:
    return ExchangeRate.objects.create(currency_id=currency, rate=Decimal(rate), starting_on=starting_on)


def make_terms(account: Account, **changes) -> Terms:
    changes = {name: Decimal(value) if isinstance(value, str) and name.endswith("credit") else value
               for name, value in changes.items()}  # fmt: skip
    currency = Currency.objects.get(code=changes.pop("currency", account.currency_id))
    terms = {
        "purchased_on": datetime.date(2026, 11, 2),
        "starts_on": datetime.date(2026, 11, 2),
        "expires_on": datetime.date(2027, 11, 1),
        "number_of_credits": 10,
        "value_per_credit": Decimal(100),
        "amount_paid_per_credit": Decimal(80),
    }
    return Terms(account=account, currency=currency, **(terms | changes))


def make_purchase(account: Account, *, draft: bool = False, actor=None, **changes) -> Purchase:
    """A confirmed lot of 10 credits, value 100.00, paid 80.00 (lot A of the posting rules) unless told otherwise."""
    return create_purchase(make_terms(account, **changes), actor=actor, draft=draft)


def make_project(account: Account, *, currency: str | None = None) -> Project:
    number = next(_count)
    return Project.objects.create(
        number=f"P{number:05d}",
        name=f"Programme {number}",
        account=account,
        currency_id=currency or account.currency_id,
    )


def make_milestone(project: Project, credits_needed: int | None = 4, **changes) -> Milestone:
    number = next(_count)
    values = {"name": f"Milestone {number}", "status": "approved", "target_on": datetime.date(2026, 12, 1)} | changes
    return Milestone.objects.create(project=project, number=f"MS-{number:06d}", credits_needed=credits_needed, **values)


def make_entry(event_key: str = "test:1", amount: str = "100", *, on=datetime.date(2026, 11, 2), **changes):
    """A receivable against deferred revenue, in the LCY or at the rate 2, unless told otherwise."""
    currency = Currency.objects.get(code=changes.pop("currency", "USD"))
    amount = Decimal(amount)
    amounts = {"amount": amount, "amount_lcy": amount if currency.code == ledger_setup().lcy_id else 2 * amount}
    keys = {name: changes.pop(name) for name in ("party", "lot", "product_group") if name in changes}
    lines = pair(changes.pop("debit", "1100"), changes.pop("credit", "2400"), **amounts, **keys)
    terms = {"kind": "test", "description": f"Event {event_key}", "lines": lines}
    return post(event_key=event_key, effective_on=on, currency=currency, **(terms | changes))


def make_manual_entry(actor, *lines: tuple[str, str, str], on=datetime.date(2026, 11, 2), **changes) -> ManualEntry:
    """A draft of (account, debit, credit): bank charges of 12.50 unless told otherwise."""
    lines = lines or (("6100", "12.50", "0"), ("1000", "0", "12.50"))
    currency = Currency.objects.get(code=changes.pop("currency", "USD"))
    terms = ManualTerms(**{"effective_on": on, "currency": currency, "description": "Bank charges"} | changes)
    accounts = LedgerAccount.objects.in_bulk()
    typed = [ManualLine(account=accounts[code], debit=Decimal(d), credit=Decimal(c)) for code, d, c in lines]
    return create_draft(terms, lines=typed, actor=actor)


def make_period(year: int = 2026, month: int = 10, *, closed_by=None) -> AccountingPeriod:
    (made, _) = create_months(datetime.date(year, month, 1), 1, actor=closed_by)
    return close_period(made[0], actor=closed_by) if closed_by else made[0]


def reopen(period: AccountingPeriod, *, actor) -> AccountingPeriod:
    """As it takes two people to do."""
    asked = request_reopening(period, actor=actor, reason="A late invoice")
    return approve_reopening(asked, actor=make_user("second"))


def books(on: datetime.date) -> dict[str, dict[str, Decimal]]:
    """The product's own trial balance at the end of a day: {account: {currency: balance, "LCY": the same in LCY}}, zeros
    left out."""
    balances = {}
    for account in reports.trial_balance(on).accounts:
        row = {part.currency.code: part.own.balance for part in account.currencies} | {"LCY": account.lcy.balance}
        balances[account.code] = {currency: balance for currency, balance in row.items() if balance}
    return {account: row for account, row in balances.items() if row}


def trial_balance() -> dict[str, dict[str, Decimal]]:
    """{account: {currency: debits less credits, "LCY": the same in LCY}}, accounts that stand at zero left out."""
    balance: dict = {}
    for line in JournalLine.objects.all():
        row = balance.setdefault(line.account_id, {"LCY": Decimal(0)})
        row[line.currency_id] = row.get(line.currency_id, Decimal(0)) + line.debit - line.credit
        row["LCY"] += line.debit_lcy - line.credit_lcy
    return {account: row for account, row in balance.items() if any(row.values())}


def make_opportunity(
    account: Account, *, total: str = "1000.00", credits: int = 7, currency: str = "USD"
) -> Opportunity:
    """A won opportunity with one line of that total for so many credits (lot B of the posting rules)."""
    number = next(_count)
    product = Product.objects.create(
        code=f"PACK-{number}",
        name=f"{credits} credits",
        unit_price=Decimal(total),
        currency_id=currency,
        services_credits=credits,
        product_group_id="CREDITS",
    )
    opportunity = Opportunity.objects.create(
        number=f"OPP-{number:05d}",
        name="Renewal",
        account=account,
        currency_id=currency,
        stage="won",
        closes_on=datetime.date(2026, 11, 24),
    )
    line = OpportunityLine(
        opportunity=opportunity,
        line_no=1,
        product=product,
        description=product.name,
        unit_price=Decimal(total),
        services_credits=credits,
    )
    line.price()
    line.save()
    return opportunity
