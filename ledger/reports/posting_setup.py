"""The posting setup as a matrix: business groups down, product groups across, the accounts of each pair in its cell."""

from dataclasses import dataclass
from urllib.parse import urlencode

from ledger.models import BusinessPostingGroup, LedgerAccount, PostingSetup, ProductPostingGroup

LABELS = {
    "receivable": "Receivables",
    "deferral": "Deferral",
    "sales": "Sales",
    "breakage": "Breakage",
    "refund": "Refund liability",
    "unclaimed": "Unclaimed property",
}


@dataclass(frozen=True)
class Chosen:
    """One account of a cell; without it, the postings that need it are refused."""

    label: str
    account: LedgerAccount | None


@dataclass(frozen=True)
class Cell:
    business_group: str
    product_group: str
    accounts: list[Chosen]
    blocked: bool = False

    @property
    def missing(self) -> int:
        return sum(chosen.account is None for chosen in self.accounts)

    @property
    def query(self) -> str:
        return urlencode({"business": self.business_group, "product": self.product_group})


@dataclass(frozen=True)
class Row:
    business_group: BusinessPostingGroup
    cells: list[Cell]


@dataclass(frozen=True)
class Matrix:
    product_groups: list[ProductPostingGroup]
    rows: list[Row]

    @property
    def missing(self) -> int:
        """Accounts that a posting would miss: a blocked combination takes none."""
        return sum(cell.missing for row in self.rows for cell in row.cells if not cell.blocked)


def posting_matrix() -> Matrix:
    """Every pair of groups, those that nobody filled in as well. Three queries."""
    products = list(ProductPostingGroup.objects.all())
    setups = PostingSetup.objects.select_related(*PostingSetup.ACCOUNTS)
    filled = {(setup.business_group_id, setup.product_group_id): setup for setup in setups}
    rows = [
        Row(business, [_cell(business.pk, product.pk, filled.get((business.pk, product.pk))) for product in products])
        for business in BusinessPostingGroup.objects.all()
    ]
    return Matrix(products, rows)


def _cell(business: str, product: str, setup: PostingSetup | None) -> Cell:
    chosen = [Chosen(LABELS[name], getattr(setup, name, None)) for name in PostingSetup.ACCOUNTS]
    return Cell(business, product, chosen, blocked=bool(setup and setup.blocked))
