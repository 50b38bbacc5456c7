from typing import Any

from django import forms

from ledger.money import round_to
from opportunities.exceptions import BadPrice, BadProduct
from opportunities.models import Product
from opportunities.services.prices import check_credits, check_price
from opportunities.services.products import Selling, check_prepaid
from pages.forms import Money, PageModelForm


class ProductForm(PageModelForm):
    unit_price = forms.DecimalField(
        label="Unit price", help_text="Proposed on new lines; lines that exist keep theirs."
    )
    services_credits = forms.IntegerField(
        label="Services credits", required=False, help_text="Credits per unit. Empty: it carries none."
    )

    layout = (
        ("code", "name"),
        (Money("unit_price", "currency"), "unit_of_measure"),
        ("product_group", "vat_product_group"),
        ("services_credits", "commitment_option"),
        ("prepaid_service", "inventory"),
    )

    class Meta:
        model = Product
        fields = (
            "code",
            "name",
            "unit_price",
            "currency",
            "services_credits",
            "product_group",
            *Selling.__dataclass_fields__,
        )
        error_messages = {"code": {"unique": "This code belongs to another product. Choose a code that is free."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["unit_price"] = round_to(self.instance.unit_price, self.instance.currency.decimals)

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        try:
            if {"unit_price", "currency"} <= cleaned.keys():
                check_price(cleaned["unit_price"], cleaned["currency"])
            check_credits(cleaned.get("services_credits"))
            if "commitment_option" in cleaned:
                names = ("prepaid_service", "inventory", "commitment_option")
                check_prepaid(**{name: cleaned[name] for name in names})
        except (BadPrice, BadProduct) as refused:
            self.add_error(refused.field, refused.message)
        return cleaned

    def entered(self) -> dict[str, Any]:
        """What was typed, with how the product is sold as one value."""
        selling = {name: self.cleaned_data[name] for name in Selling.__dataclass_fields__}
        others = {name: value for name, value in self.cleaned_data.items() if name not in selling}
        return others | {"selling": Selling(**selling)}
