"""A job in the browser (`pages.jobs`): how far it is; afterwards what came of it, or why it was not done."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView
from django.views.generic.detail import SingleObjectMixin
from django_htmx.http import HttpResponseClientRefresh

from pages import formats
from pages.elements import Badge, Crumb
from pages.http import Request
from pages.jobs import kind_of, may_see, title_of
from pages.models import Job
from pages.receipts import past, restored
from pages.views.detail import DetailPage
from pages.views.page import Allowed

State = Job.State
TONES = {
    State.WAITING: "neutral",
    State.RUNNING: "info",
    State.DONE: "good",
    State.REFUSED: "warn",
    State.FAILED: "bad",
}
WITHOUT_WORKER = timedelta(seconds=30)
SILENCE = timedelta(minutes=2)
RECENT = timedelta(days=1)
MOST_LISTED = 5


class OfJob(Allowed, SingleObjectMixin):
    """Open to whoever asked for the job, and to those who may ask for its kind."""

    permission_required = ()
    queryset = Job.objects.select_related("progress", "requested_by")
    object: Job

    def get_object(self, queryset: Any = None) -> Job:
        job = super().get_object(queryset)
        if not may_see(self.request.user, job):
            raise PermissionDenied(self.permission_denied_message)
        return job


class JobPage(OfJob, DetailPage):
    template_name = "pages/job.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever has something to decide next is led on to it."""
        job = self.get_object()
        if (url := job.result.get("goes_on")) and job.requested_by == request.user:
            return HttpResponseRedirect(url)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> str:
        return title_of(self.object)

    def get_badge(self) -> Badge:
        return Badge(self.object.get_state_display(), TONES[State(self.object.state)])

    def get_breadcrumb(self) -> list[Crumb]:
        kind = kind_of(self.object)
        return [Crumb(kind.above[0], reverse(kind.above[1]))] if kind else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job, above = self.object, self.get_breadcrumb()
        done = {"preview": past(restored(job.result["preview"]))} if job.state == State.DONE else {}
        return super().get_context_data(job=job, above=above, **how_far(job), **done, **kwargs)


class JobProgressPart(OfJob, DetailView):
    """The part of the page that is brought up to date. A job that began or ended since has the whole page loaded anew."""

    template_name = "pages/job_progress.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(job=self.object, **how_far(self.object), **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        if self.request.htmx and self.object.state != self.request.GET.get("seen"):
            return HttpResponseClientRefresh()
        return super().render_to_response(context, **kwargs)


def how_far(job: Job) -> dict[str, Any]:
    """What both the page and the part of it that is brought up to date show."""
    now = timezone.now()
    rest = rest_of(job, now)
    return {
        "duration": formats.duration((job.finished_at or now) - (job.started_at or job.requested_at)),
        "rest": formats.duration(rest) if rest else "",
        "nobody_began": job.state == State.WAITING and now - job.requested_at > WITHOUT_WORKER,
        "nobody_reports": job.state == State.RUNNING and now - last_sign(job) > SILENCE,
    }


def rest_of(job: Job, now: datetime) -> timedelta | None:
    """How long this step will still take, should it go on as it went; nothing to go by at its beginning."""
    far = job.progress
    if far.step_began_at is None or far.reported_at is None or not far.done:
        return None
    whole = (far.reported_at - far.step_began_at) * far.total // far.done
    return max(whole - (now - far.step_began_at), timedelta())


def last_sign(job: Job) -> datetime:
    return job.progress.reported_at or job.started_at or job.requested_at


def own_jobs(request: Request, nothing: None) -> str | None:
    """For the home page: one's own jobs that are open or ended within a day, the newest first."""
    recent = Job.objects.unfinished() | Job.objects.filter(finished_at__gt=timezone.now() - RECENT)
    jobs = recent.filter(requested_by=request.user).select_related("progress").order_by("-requested_at")[:MOST_LISTED]
    shown = [{"job": job, "title": title_of(job), "tone": TONES[State(job.state)]} for job in jobs]
    return render_to_string("pages/jobs.html", {"jobs": shown}, request) if shown else None
