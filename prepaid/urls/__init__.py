"""Addresses of prepaid services, one list per noun."""

from prepaid.urls.billing import urlpatterns as billing
from prepaid.urls.contract_reports import urlpatterns as contract_reports
from prepaid.urls.contracts import urlpatterns as contracts
from prepaid.urls.documents import urlpatterns as documents
from prepaid.urls.entries import urlpatterns as entries
from prepaid.urls.fulfilment import urlpatterns as fulfilment
from prepaid.urls.imports import urlpatterns as imports
from prepaid.urls.packages import urlpatterns as packages
from prepaid.urls.services import urlpatterns as services
from prepaid.urls.settings import urlpatterns as settings
from prepaid.urls.statements import urlpatterns as statements

app_name = "prepaid"
urlpatterns = [
    *services,
    *entries,
    *statements,
    *documents,
    *billing,
    *fulfilment,
    *packages,
    *contracts,
    *contract_reports,
    *imports,
    *settings,
]
