from django.urls import path

from config.nights import pages, start

urlpatterns = [
    path("", pages.NightList.as_view(), name="night-list"),
    path("run/", start.NightStart.as_view(), name="night-start"),
    path("<int:pk>/", pages.NightPage.as_view(), name="night"),
    path("<int:pk>/progress/", pages.NightProgress.as_view(), name="night-progress"),
]
