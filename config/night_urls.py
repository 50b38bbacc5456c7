from django.urls import path

from config import nights_pages, nights_start

urlpatterns = [
    path("", nights_pages.NightList.as_view(), name="night-list"),
    path("run/", nights_start.NightStart.as_view(), name="night-start"),
    path("<int:pk>/", nights_pages.NightPage.as_view(), name="night"),
    path("<int:pk>/progress/", nights_pages.NightProgress.as_view(), name="night-progress"),
]
