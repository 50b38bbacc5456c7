from django.urls import path

from prepaid.views import contract_analysis, contract_year

urlpatterns = [
    path("contracts/analysis/", contract_analysis.ContractAnalysisPage.as_view(), name="contract-analysis"),
    path("contracts/<int:pk>/year/", contract_year.ContractYearPage.as_view(), name="contract-year"),
]
