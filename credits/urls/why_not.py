from django.urls import path

from credits.views import why_not

urlpatterns = [
    path("milestones/<int:pk>/why-not/", why_not.WhyNotMilestone.as_view(), name="milestone-why-not"),
    path("purchases/<int:pk>/why-not/", why_not.WhyNotPurchase.as_view(), name="purchase-why-not"),
    path("accounts/<int:pk>/why-not/", why_not.WhyNotAccount.as_view(), name="account-why-not"),
]
