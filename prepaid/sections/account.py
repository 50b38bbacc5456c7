"""What the account has of prepaid services, on its page: one figure, one list, and what can be begun from there."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db.models import Min, QuerySet, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode

from opportunities.models import Account
from pages import formats, markup
from pages.clock import business_date
from pages.elements import Action, Figure
from pages.formats import NOTHING, Cur
from pages.http import Request
from pages.sections import register
from prepaid.actions.documents import new_documents
from prepaid.actions.services import new_service
from prepaid.models import DeferralLine, InflowBalance
from prepaid.sections.services import SHOWN, rows
from prepaid.shown import quantity

VIEW = "prepaid.view_prepaidservice"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("account", services_of_account, order=20, permission=VIEW)
    register("account.figures", figure_of_account, order=20, permission=VIEW)
    register("account.actions", new_of_account, order=20)
    register("account.deferred", deferred_budgets, permission=VIEW)
    register("account.deferred", deferred_contracts, permission="prepaid.view_contractdeferral")


def listed(account: Account) -> str:
    return f"{reverse('prepaid:service-list')}?{urlencode({'account': account.number})}"


def new_of_account(request: Request, account: Account) -> list[Action]:
    """A card, and the documents that fill it."""
    return [new_service(account.number), *(replace(each, primary=False) for each in new_documents(account.number))]


def figure_of_account(request: Request, account: Account) -> Figure:
    """What is outstanding, per currency and per unit, and the next day on which some of it can be used for the last time;
    lapsed residuals belong to it until they have left the books."""
    left = InflowBalance.objects.left().filter(service__account=account).order_by()
    shown = [*_amounts(left), *_quantities(left)]
    on = business_date(request)
    until = left.filter(entry__valid_until__gte=on).aggregate(until=Min("entry__valid_until"))["until"]
    return Figure(
        "Prepaid outstanding",
        format_html_join("", '<span class="d-block">{}</span>', ((each,) for each in shown)) or NOTHING,
        listed(account),
        note=f"next valid until {formats.day(until)}" if until else "",
        tone="warn" if until and (until - on).days <= markup.SOON else "",
    )


def deferred_budgets(request: Request, account: Account) -> list[tuple[Cur, Decimal]]:
    """What is left of inflows with money behind them."""
    left = InflowBalance.objects.filter(service__account=account, remaining__gt=0).order_by()
    return _sums(left.filter(entry__deferral_account__isnull=False), "entry__currency", "remaining")


def deferred_contracts(request: Request, account: Account) -> list[tuple[Cur, Decimal]]:
    """What no release has made revenue of yet."""
    waiting = DeferralLine.objects.open().filter(deferral__account=account).order_by()
    return _sums(waiting, "deferral__currency", "amount")


def services_of_account(request: Request, account: Account) -> str:
    """The open services, those with something left first, the next to lapse before the others."""
    services = account.prepaid_services.open()
    context = {
        "rows": rows(request, services, in_order=True),
        "account": account,
        "url": listed(account),
        "more": services.count() > SHOWN,
        "new": new_service(account.number),
    }
    return render_to_string("prepaid/account_section.html", context, request)


def _amounts(left: QuerySet[InflowBalance]) -> list[Any]:
    found = _sums(left.filter(remaining__gt=0), "entry__currency", "remaining")
    return [markup.money(amount, currency) for currency, amount in found]


def _sums(rows: QuerySet[Any], currency: str, amount: str) -> list[tuple[Cur, Decimal]]:
    code, decimals = f"{currency}__code", f"{currency}__decimals"
    sums = rows.values(code, decimals).annotate(sum=Sum(amount)).order_by(code)
    return [(Cur(row[code], row[decimals]), row["sum"]) for row in sums]


def _quantities(left: QuerySet[InflowBalance]) -> list[str]:
    sums = left.filter(remaining_quantity__gt=0).values("service__unit_of_measure")
    found = sums.annotate(left=Sum("remaining_quantity")).order_by("service__unit_of_measure")
    return [quantity(row["left"], row["service__unit_of_measure"]) for row in found]
