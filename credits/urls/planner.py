from django.urls import path

from credits.views import planner

urlpatterns = [
    path("accounts/<int:pk>/planner/", planner.PlannerPage.as_view(), name="planner"),
]
