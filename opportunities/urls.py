from django.urls import path

from opportunities.views import accounts, lines, named, opportunities, products, project_entries, projects

app_name = "opportunities"
urlpatterns = [
    path("accounts/", accounts.AccountList.as_view(), name="account-list"),
    path("accounts/new/", accounts.AccountCreate.as_view(), name="account-create"),
    path("accounts/options/", named.AccountOptions.as_view(), name="account-options"),
    path("accounts/<int:pk>/", accounts.AccountDetail.as_view(), name="account"),
    path("accounts/<int:pk>/edit/", accounts.AccountEdit.as_view(), name="account-edit"),
    path("products/", products.ProductList.as_view(), name="product-list"),
    path("products/new/", products.ProductCreate.as_view(), name="product-create"),
    path("products/<int:pk>/edit/", products.ProductEdit.as_view(), name="product-edit"),
    path("opportunities/", opportunities.OpportunityList.as_view(), name="opportunity-list"),
    path("opportunities/new/", opportunities.OpportunityCreate.as_view(), name="opportunity-create"),
    path("opportunities/lines/", lines.LineProposals.as_view(), name="opportunity-lines"),
    path("opportunities/<int:pk>/", opportunities.OpportunityDetail.as_view(), name="opportunity"),
    path("opportunities/<int:pk>/edit/", opportunities.OpportunityEdit.as_view(), name="opportunity-edit"),
    path("projects/", projects.ProjectList.as_view(), name="project-list"),
    path("projects/new/", projects.ProjectCreate.as_view(), name="project-create"),
    path("projects/options/", named.ProjectOptions.as_view(), name="project-options"),
    path("projects/work/", project_entries.ProjectEntryList.as_view(), name="project-entry-list"),
    path("projects/work/<int:pk>/edit/", project_entries.ProjectEntryEdit.as_view(), name="project-entry-edit"),
    path("projects/work/<int:pk>/delete/", project_entries.ProjectEntryDelete.as_view(), name="project-entry-delete"),
    path("projects/<int:pk>/work/new/", project_entries.ProjectEntryCreate.as_view(), name="project-entry-create"),
    path("projects/<int:pk>/", projects.ProjectDetail.as_view(), name="project"),
    path("projects/<int:pk>/edit/", projects.ProjectEdit.as_view(), name="project-edit"),
]
