from django.urls import path

from credits.views import estimates

urlpatterns = [
    path("estimates/", estimates.EstimateList.as_view(), name="estimate-list"),
    path("estimates/new/", estimates.EstimatePropose.as_view(), name="estimate-create"),
    path("estimates/<int:pk>/approve/", estimates.ApproveEstimate.as_view(), name="estimate-approve"),
    path("estimates/<int:pk>/withdraw/", estimates.WithdrawEstimate.as_view(), name="estimate-withdraw"),
]
