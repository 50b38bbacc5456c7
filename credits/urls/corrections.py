from django.urls import path

from credits.views import correction_actions as actions
from credits.views import corrections as views

urlpatterns = [
    path("purchases/<int:pk>/refund/", actions.RequestRefund.as_view(), name="purchase-refund"),
    path("purchases/<int:pk>/reinstate/", actions.RequestReinstatement.as_view(), name="purchase-reinstate"),
    path("corrections/", views.CorrectionList.as_view(), name="correction-list"),
    path("corrections/<int:pk>/", views.CorrectionPage.as_view(), name="correction"),
    path("corrections/<int:pk>/approve/", actions.ApproveCorrection.as_view(), name="correction-approve"),
    path("corrections/<int:pk>/decline/", actions.DeclineCorrection.as_view(), name="correction-decline"),
    path("corrections/<int:pk>/withdraw/", actions.WithdrawCorrection.as_view(), name="correction-withdraw"),
]
