"""The VAT posting setup as a matrix: business groups down, product groups across, rate and account in each cell."""

from dataclasses import dataclass
from urllib.parse import urlencode

from ledger.models import VatBusinessGroup, VatPostingSetup, VatProductGroup


@dataclass(frozen=True)
class Cell:
    """A pair of groups; without `setup` a sale with both is refused."""

    business_group: str
    product_group: str
    setup: VatPostingSetup | None

    @property
    def query(self) -> str:
        return urlencode({"business": self.business_group, "product": self.product_group})


@dataclass(frozen=True)
class Row:
    business_group: VatBusinessGroup
    cells: list[Cell]


@dataclass(frozen=True)
class Matrix:
    product_groups: list[VatProductGroup]
    rows: list[Row]

    @property
    def missing(self) -> int:
        """Pairs that refuse a sale."""
        return sum(cell.setup is None for row in self.rows for cell in row.cells)


def vat_matrix() -> Matrix:
    """Every pair of groups, those that nobody filled in as well. Three queries."""
    products = list(VatProductGroup.objects.all())
    setups = VatPostingSetup.objects.select_related("account")
    filled = {(setup.business_group_id, setup.product_group_id): setup for setup in setups}
    rows = [
        Row(business, [Cell(business.pk, each.pk, filled.get((business.pk, each.pk))) for each in products])
        for business in VatBusinessGroup.objects.all()
    ]
    return Matrix(products, rows)
