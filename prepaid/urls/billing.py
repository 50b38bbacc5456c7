from django.urls import path

from prepaid.views import billing, deferrals, release

urlpatterns = [
    path("billing/", billing.ContractBilling.as_view(), name="contract-billing"),
    path("billing-runs/", billing.BillingRunList.as_view(), name="billing-run-list"),
    path("billing-runs/<int:pk>/", billing.BillingRunPage.as_view(), name="billing-run"),
    path("billing-runs/<int:pk>/post/", billing.PostBilling.as_view(), name="billing-run-post"),
    path("billing-runs/<int:pk>/undo/", billing.UndoBilling.as_view(), name="billing-run-undo"),
    path("deferrals/", deferrals.DeferralList.as_view(), name="deferral-list"),
    path("deferrals/<int:pk>/", deferrals.DeferralPage.as_view(), name="deferral"),
    path("release/", release.ReleaseDeferrals.as_view(), name="release"),
    path("release-runs/", release.ReleaseRunList.as_view(), name="release-run-list"),
    path("release-runs/<int:pk>/", release.ReleaseRunPage.as_view(), name="release-run"),
    path("release-runs/<int:pk>/undo/", release.UndoRelease.as_view(), name="release-run-undo"),
]
