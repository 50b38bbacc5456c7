from opportunities.models import Opportunity
from pages.tables import BadgeColumn, CreditsColumn, DayColumn, LinkColumn, MoneyColumn, Table

STAGE_TONES = {Opportunity.Stage.OPEN: "info", Opportunity.Stage.WON: "good", Opportunity.Stage.LOST: "neutral"}


class OpportunityTable(Table):
    number = LinkColumn()
    name = LinkColumn()
    account = LinkColumn(
        linkify=lambda record: record.account.get_absolute_url(), accessor="account__name", verbose_name="Account"
    )
    stage = BadgeColumn(tones=STAGE_TONES)
    closes_on = DayColumn()
    credits = CreditsColumn(verbose_name="Credits on lines")
    amount = MoneyColumn(verbose_name="Amount")

    class Meta:
        model = Opportunity
        fields = ("number", "name", "account", "stage", "closes_on", "credits", "amount")
