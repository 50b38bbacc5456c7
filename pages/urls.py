from django.urls import path

from pages.views import jobs

urlpatterns = [
    path("<int:pk>/", jobs.JobPage.as_view(), name="job"),
    path("<int:pk>/progress/", jobs.JobProgressPart.as_view(), name="job-progress"),
]
