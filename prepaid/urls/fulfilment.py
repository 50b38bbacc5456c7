from django.urls import path

from prepaid.views import fulfilment

urlpatterns = [
    path("documents/<int:pk>/convert/", fulfilment.ConvertDocument.as_view(), name="document-convert"),
    path("documents/<int:pk>/invoice/", fulfilment.InvoiceOrder.as_view(), name="document-invoice"),
    path("documents/<int:pk>/deliver/", fulfilment.DeliverOrder.as_view(), name="document-deliver"),
    path("documents/<int:pk>/pdf/", fulfilment.DocumentPdf.as_view(), name="document-pdf"),
    path("deliveries/<int:pk>/", fulfilment.DeliveryPage.as_view(), name="delivery"),
    path("deliveries/<int:pk>/pdf/", fulfilment.DeliveryPdf.as_view(), name="delivery-pdf"),
    path("projects/<int:pk>/invoice/", fulfilment.ProjectInvoice.as_view(), name="project-invoice"),
]
