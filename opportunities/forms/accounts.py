from ledger.forms.dimension_fields import WithDimensions
from opportunities.exceptions import BadBillTo
from opportunities.forms.fields import AccountField
from opportunities.models import Account
from opportunities.services.accounts import check_bill_to
from pages.forms import PageModelForm


class AccountForm(WithDimensions, PageModelForm):
    bill_to = AccountField(
        label="Bill to", required=False, help_text="Who pays, when it is not the account itself: its number or name."
    )

    layout = (("name", "bill_to"), ("currency", "business_group"))

    class Meta:
        model = Account
        fields = ("name", "currency", "business_group", "bill_to")

    def clean_bill_to(self) -> Account | None:
        payer = self.cleaned_data["bill_to"]
        try:
            check_bill_to(self.instance if self.instance.pk else None, payer)
        except BadBillTo as refused:
            self.add_error("bill_to", refused.message)
        return payer
