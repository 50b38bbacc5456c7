from django.urls import path

from credits.views import milestone_actions as actions
from credits.views import milestones as views
from credits.views.pick import PickLots
from credits.views.project_milestones import AllocateProject

urlpatterns = [
    path("milestones/", views.MilestoneList.as_view(), name="milestone-list"),
    path("milestones/new/", views.MilestoneCreate.as_view(), name="milestone-create"),
    path("milestones/<int:pk>/", views.MilestonePage.as_view(), name="milestone"),
    path("milestones/<int:pk>/edit/", views.MilestoneEdit.as_view(), name="milestone-edit"),
    path("milestones/<int:pk>/credits/", actions.ManageCredits.as_view(), name="milestone-credits"),
    path("milestones/<int:pk>/pick/", PickLots.as_view(), name="milestone-pick"),
    path("milestones/<int:pk>/complete/", actions.CompleteMilestone.as_view(), name="milestone-complete"),
    path("milestones/<int:pk>/reopen/", actions.ReopenMilestone.as_view(), name="milestone-reopen"),
    path("projects/<int:pk>/allocate/", AllocateProject.as_view(), name="project-allocate"),
]
