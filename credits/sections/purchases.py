"""What services credits put on the pages of the apps below: purchases."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from credits.models import Purchase
from credits.reports.holdings import Holding, holdings, soon_days
from credits.reports.lots import bar, with_consumed
from credits.reports.proposal import propose
from credits.sources import purchases as sources
from ledger.sources import register as register_source
from opportunities.models import Account, Opportunity
from pages import markup
from pages.clock import business_date
from pages.elements import Action, Figure
from pages.formats import Cur
from pages.http import Request
from pages.sections import register

SHOWN = 8
VIEW, MANAGE = "credits.view_purchase", "credits.manage_purchases"


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("home", expiring_soon, order=10, permission=VIEW)
    register("account", lots_of_account, order=10, permission=VIEW)
    register("account.figures", figures_of_account, order=10, permission=VIEW)
    register("account.deferred", deferred_of_account, permission=VIEW)
    register("account.actions", new_purchase, order=10, permission=MANAGE)
    register("opportunity", bought_from, order=10, permission=VIEW)
    register("opportunity.figures", figures_of_opportunity, order=10, permission=VIEW)
    register("opportunity.actions", create_from, order=10)
    for prefix in sources.PREFIXES:
        register_source(prefix, many=sources.purchases)


def listed(**asked: object) -> str:
    return f"{reverse('credits:purchase-list')}?{urlencode(asked)}"


def expiring_soon(request: Request, nothing: None) -> str:
    """The lots that expire within the days of the setup, and what is at risk with them."""
    on, days = business_date(request), soon_days()
    lots = Purchase.objects.expiring_soon(on, days).select_related("account", "currency").in_drawing_order()
    context = {
        "lots": lots[:SHOWN],
        "days": days,
        "at_risk": holdings(Purchase.objects.expiring_soon(on, days), on, days),
        "url": listed(expires_on_after=on, expires_on_before=on + timedelta(days=days), available="yes"),
    }
    return render_to_string("credits/purchase_expiring.html", context, request)


def lots_of_account(request: Request, account: Account) -> str:
    """Lots with credits left, the next to expire first."""
    left = account.purchases.with_credits_left().in_drawing_order()
    lots = with_consumed(left).select_related("currency")
    shown = [(lot, bar(lot)) for lot in lots[:SHOWN]]
    context = {"lots": shown, "account": account, "soon": soon_days(), "url": listed(account=account.number)}
    context |= {"drafts": account.purchases.filter(draft=True).count(), "url_drafts": f"{context['url']}&state=draft"}
    return render_to_string("credits/purchase_account.html", context, request)


def figures_of_account(request: Request, account: Account) -> list[Figure]:
    on, days = business_date(request), soon_days()
    held = holdings(Purchase.objects.filter(account=account), on, days)
    soon = {"expires_on_after": on, "expires_on_before": on + timedelta(days=days)}
    expiring = [(each, each.expiring) for each in held if each.expiring]
    available = per_currency([(each, each.available) for each in held])
    return [
        Figure("Available credits", available, balance_of(request, account)),
        Figure(
            f"Expiring in {days} days",
            per_currency(expiring),
            listed(account=account.number, available="yes", **soon),
            tone="warn" if expiring else "",
        ),
    ]


def deferred_of_account(request: Request, account: Account) -> list[tuple[Cur, Decimal]]:
    owed = Purchase.objects.confirmed().filter(account=account, deferred__gt=0).order_by()
    sums = owed.values("currency__code", "currency__decimals").annotate(sum=Sum("deferred"))
    return [(Cur(row["currency__code"], row["currency__decimals"]), row["sum"]) for row in sums]


def balance_of(request: Request, account: Account) -> str:
    """The page of the account's credits, for those who may see what was drawn; else the lots."""
    if request.user.has_perm("credits.view_consumption"):
        return reverse("credits:account", args=[account.pk])
    return listed(account=account.number, available="yes")


def per_currency(counts: list[tuple[Holding, int]]) -> SafeString | str:
    """1,200 EUR, 40 GBP: credits of one currency cannot pay for another's work."""
    return stacked([f"{count:,} {each.currency.code}" for each, count in counts])


def stacked(parts: list[SafeString | str]) -> SafeString | str:
    return format_html_join("", '<span class="d-block">{}</span>', ((part,) for part in parts)) or "–"


def new_purchase(request: Request, account: Account) -> Action:
    return Action("New purchase", f"{reverse('credits:purchase-create')}?account={account.number}", primary=True)


def create_from(request: Request, opportunity: Opportunity) -> Action:
    """The button of the opportunity page, in sight even where it cannot be used, with the reason."""
    url = reverse("credits:opportunity-purchases", args=[opportunity.pk])
    reason = why_not(request, opportunity)
    return Action("Create Services Credits Customer Purchase", url, disabled_reason=reason, primary=True)


def why_not(request: Request, opportunity: Opportunity) -> str:
    if not request.user.has_perm(MANAGE):
        return "Your role does not create purchases."
    proposal = propose(opportunity, on=business_date(request))
    if proposal.lines:
        return ""
    if any(reason.startswith("Already") for _, reason in proposal.left_out):
        return "Every line with services credits is bought already."
    return "No line carries services credits."


def figures_of_opportunity(request: Request, opportunity: Opportunity) -> list[Figure]:
    on_lines = sum(filter(None, opportunity.lines.values_list("services_credits", flat=True)))
    bought = bought_credits(opportunity)
    return [
        Figure("Credits on lines", markup.credits(on_lines), "#lines"),
        Figure("Purchased already", markup.credits(bought), listed(opportunity=opportunity.number)),
    ]


def bought_credits(opportunity: Opportunity) -> int:
    lots = Purchase.objects.filter(opportunity_line__opportunity=opportunity)
    return sum(lots.values_list("number_of_credits", flat=True))


def bought_from(request: Request, opportunity: Opportunity) -> str:
    lots = Purchase.objects.filter(opportunity_line__opportunity=opportunity)
    lots = lots.select_related("currency", "opportunity_line").order_by("opportunity_line__line_no", "line_part")
    return render_to_string("credits/opportunity_section.html", {"lots": lots}, request)
