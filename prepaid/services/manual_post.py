"""What an entry by hand does to balances and books (rule 24).

Plus: balancing account against the deferral account of the account's business group and the deferral group; a Positive
Adjmt. with its groups, at the rate of its day. Minus is the mirror: what can be used on the day is drawn in drawing order,
and what has money behind it leaves its deferral account, at the LCY it came in with, for the balancing account. What has no
money behind it (quantity-only, a periodic service, a quantity) posts nothing.
"""

from decimal import Decimal

from ledger.dates import ledger_setup
from ledger.models import JournalEntry
from ledger.money import ZERO, to_lcy
from ledger.services.accounts import posting_accounts
from ledger.services.posting import Line, post
from ledger.services.rates import rate_on
from pages import formats
from prepaid.drawing import Draw, Need, Shelf
from prepaid.exceptions import NotEnoughLeft
from prepaid.models import EntryRequest, InflowBalance, PrepaidEntry, PrepaidService, PrepaidSetup
from prepaid.services import entries
from prepaid.services.booking import service_dimensions
from prepaid.services.locks import lock_balances, prepaid_setup
from prepaid.services.review import close_what_is_gone
from prepaid.shown import quantity

KIND = "prepaid_entry"


def post_entry(request: EntryRequest, *, actor) -> None:
    """Writes the prepaid entry and its journal entry, under the event key of the request. The caller holds the locks of
    account and service; what is drawn from is locked here."""
    minus = request.entry_type == EntryRequest.Type.NEGATIVE
    if minus:
        lock_balances([request.service_id])
    lines = _take(request, actor) if minus else _receive(request, actor)
    _post(request, lines, actor)
    if minus:
        close_what_is_gone([request.service_id])


def check_enough(request: EntryRequest) -> None:
    """Refused (NotEnoughLeft): taking more than can be used on its day."""
    if request.entry_type == EntryRequest.Type.NEGATIVE:
        _draw(request)


def units_of(request: EntryRequest) -> Decimal:
    return request.amount if request.service.is_amount else request.quantity


def told(service: PrepaidService, units: Decimal) -> str:
    """Units of the service as they are read: money, or a quantity with its unit."""
    if service.is_amount and service.currency is not None:
        return formats.money(units, service.currency)
    return quantity(units, service.unit_of_measure)


def _receive(request: EntryRequest, actor) -> list[Line]:
    service, books, money = request.service, ledger_setup(), {}
    business_group = service.account.posting_group(books)
    rate = rate_on(service.currency, request.posted_on) if service.is_amount and service.currency else None
    if not request.quantity_only:
        setup = prepaid_setup()
        money = {"deferral_account_id": _deferral(request, setup), "deferral_group": setup.deferral_group}
    entry = entries.receive(
        service,
        **_head(request, actor),
        amount=request.amount,
        amount_lcy=to_lcy(request.amount, rate, books.lcy.decimals) if rate else ZERO,
        quantity=request.quantity,
        valid_until=request.valid_until,
        product_group=request.product_group,
        business_group=business_group,
        exchange_rate=rate,
        **money,
    )
    return _pair(request, entry, entry.amount, entry.amount_lcy) if money else []


def _deferral(request: EntryRequest, setup: PrepaidSetup) -> str:
    """The deferral account, by the posting setup. Refused: MissingAccount, BlockedCombination."""
    group = request.service.account.posting_group(ledger_setup())
    found = posting_accounts(business_group=group.pk, product_group=str(setup.deferral_group_id), needed=("deferral",))
    return found["deferral"]


def _take(request: EntryRequest, actor) -> list[Line]:
    draws = _draw(request)
    entries.take(request.service, entries.Type.NEGATIVE, draws, **_head(request, actor))
    backed = (draw for draw in draws if draw.inflow.deferral_account_id is not None)
    return [line for draw in backed for line in _pair(request, draw.inflow, draw.amount, draw.amount_lcy, back=True)]


def _draw(request: EntryRequest) -> list[Draw]:
    """What is taken, in drawing order: quantity-only from what has no money behind it. Refused: NotEnoughLeft."""
    service, units = request.service, units_of(request)
    rows = InflowBalance.objects.filter(service=service).usable(request.posted_on).in_drawing_order()
    if request.quantity_only:
        rows = rows.filter(entry__deferral_account=None)
    shelf = Shelf(rows.select_related("entry"), is_amount=service.is_amount, lcy_decimals=ledger_setup().lcy.decimals)
    if shelf.units < units:
        field = "amount" if service.is_amount else "quantity"
        left = told(service, shelf.units) + (" without money behind it" if _money_is_spared(request) else "")
        raise NotEnoughLeft(service, told(service, units), left, request.posted_on, field=field)
    return shelf.draw([Need(units)])


def _money_is_spared(request: EntryRequest) -> bool:
    return request.quantity_only and not request.service.is_periodic


def _head(request: EntryRequest, actor) -> dict:
    return {
        "posted_on": request.posted_on,
        "document_type": request.document_type,
        "document_no": request.document_no,
        "currency": request.service.currency,
        "event_key": request.event_key,
        "reason": request.reason,
        "created_by": actor,
    }


def _pair(
    request: EntryRequest, inflow: PrepaidEntry, amount: Decimal, lcy: Decimal, *, back: bool = False
) -> list[Line]:
    """Balancing account to deferral; `back`: the other way round."""
    service = request.service
    own = service_dimensions(service, prepaid_setup())
    keys: dict = {
        "party": service.account.party,
        "lot": inflow.lot,
        "dimensions": {**service.account.dimensions, **own},
    }
    balancing = str(request.balancing_account_id), inflow.product_group_id
    deferral = str(inflow.deferral_account_id), inflow.deferral_group_id
    (debit, debit_group), (credit, credit_group) = (deferral, balancing) if back else (balancing, deferral)
    return [
        Line(account=debit, product_group=debit_group, debit=amount, debit_lcy=lcy, **keys),
        Line(account=credit, product_group=credit_group, credit=amount, credit_lcy=lcy, **keys),
    ]


def _post(request: EntryRequest, lines: list[Line], actor) -> JournalEntry | None:
    service = request.service
    assert service.currency is not None  # chosen with the request
    return post(
        event_key=request.event_key,
        kind=KIND,
        effective_on=request.posted_on,
        currency=service.currency,
        description=f"{service.number}: {request.get_entry_type_display()} by hand",
        lines=lines,
        actor=actor,
        reason=request.reason,
    )
