from django.urls import path

from credits.views import consumptions, expire_selection, opportunity, purchase_actions, purchase_entry, purchases

urlpatterns = [
    path("purchases/", purchases.PurchaseList.as_view(), name="purchase-list"),
    path("purchases/expire/", expire_selection.ExpireSelection.as_view(), name="purchases-expire"),
    path("purchases/new/", purchase_entry.PurchaseCreate.as_view(), name="purchase-create"),
    path("purchases/<int:pk>/", purchases.PurchaseDetail.as_view(), name="purchase"),
    path("purchases/<int:pk>/edit/", purchase_entry.PurchaseEdit.as_view(), name="purchase-edit"),
    path("purchases/<int:pk>/clone/", purchase_entry.PurchaseClone.as_view(), name="purchase-clone"),
    path("purchases/<int:pk>/confirm/", purchase_actions.ConfirmPurchase.as_view(), name="purchase-confirm"),
    path("purchases/<int:pk>/draft/", purchase_actions.ReturnPurchase.as_view(), name="purchase-draft"),
    path("purchases/<int:pk>/dates/", purchase_actions.PurchaseDates.as_view(), name="purchase-dates"),
    path("purchases/<int:pk>/expire/", purchase_actions.ExpirePurchase.as_view(), name="purchase-expire"),
    path("purchases/<int:pk>/delete/", purchase_actions.DeletePurchase.as_view(), name="purchase-delete"),
    path("opportunities/<int:pk>/purchases/", opportunity.OpportunityPurchases.as_view(), name="opportunity-purchases"),
    path("allocations/", consumptions.AllocationList.as_view(), name="allocation-list"),
    path("consumptions/", consumptions.ConsumptionList.as_view(), name="consumption-list"),
]
