from opportunities.forms.accounts import AccountForm
from opportunities.forms.lines import LineForm, LineFormSet
from opportunities.forms.opportunities import OpportunityForm
from opportunities.forms.products import ProductForm
from opportunities.forms.projects import ProjectForm

__all__ = ["AccountForm", "LineForm", "LineFormSet", "OpportunityForm", "ProductForm", "ProjectForm"]
