from opportunities.models.accounts import Account
from opportunities.models.opportunities import Opportunity, OpportunityLine
from opportunities.models.products import CommitmentOption, Product
from opportunities.models.project_entries import ProjectEntry
from opportunities.models.projects import Project

__all__ = ["Account", "CommitmentOption", "Opportunity", "OpportunityLine", "Product", "Project", "ProjectEntry"]
