from opportunities.models import Account
from pages.tables import CreditsColumn, LinkColumn, Table


class AccountTable(Table):
    number = LinkColumn()
    name = LinkColumn()
    bill_to = LinkColumn(linkify=True)
    opportunity_count = CreditsColumn(verbose_name="Opportunities")
    project_count = CreditsColumn(verbose_name="Projects")

    class Meta:
        model = Account
        fields = ("number", "name", "currency", "business_group", "bill_to", "opportunity_count", "project_count")
