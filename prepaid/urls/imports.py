from django.urls import path

from prepaid.views import imports

urlpatterns = [
    path("services/import/", imports.ServiceImport.as_view(), name="service-import"),
    path("services/import/<int:pk>/", imports.ServiceImportReview.as_view(), name="service-import-review"),
    path("services/export/", imports.ServiceExport.as_view(), name="service-export"),
    path("opening-balances/import/", imports.BalanceImport.as_view(), name="balance-import"),
    path("opening-balances/import/<int:pk>/", imports.BalanceImportReview.as_view(), name="balance-import-review"),
]
