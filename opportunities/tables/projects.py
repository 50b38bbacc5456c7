from opportunities.models import Project
from pages.tables import LinkColumn, Table


class ProjectTable(Table):
    number = LinkColumn()
    name = LinkColumn()
    account = LinkColumn(
        linkify=lambda record: record.account.get_absolute_url(), accessor="account__name", verbose_name="Account"
    )

    class Meta:
        model = Project
        fields = ("number", "name", "account", "currency")
