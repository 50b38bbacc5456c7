"""Importing more than somebody can wait for: two jobs, the rehearsal of a brought export, then the import that it showed.

Both run the service that a page would run. What the first one found is kept with it, and confirmed on the page of the
review; the second refuses where it would do anything else than was shown.
"""

from django.urls import reverse

from credits.certinia.exceptions import ChangedSinceShown, FilesGone
from credits.certinia.files import by_object, unpacked
from credits.certinia.imported import Imported
from credits.certinia.importing import import_export
from credits.previews.certinia import described
from ledger.services.posting import recording
from pages.jobs import Receipt, register, request_job
from pages.models import Job, Upload
from pages.preview import Preview, rehearse
from pages.progress import Report
from pages.receipts import restored

REHEARSE, IMPORT = "certinia-rehearse", "certinia-import"
MOST_LINES = 10_000  # that somebody can wait for
PERMISSION = "credits.import_certinia"
ABOVE = ("Import from Certinia", "credits:certinia-import")


def register_all() -> None:
    """Called once, when the apps are ready."""
    register(REHEARSE, run_rehearsal, title="Look at an import from Certinia", permission=PERMISSION, above=ABOVE)
    register(IMPORT, run_import, title="Import from Certinia", permission=PERMISSION, above=ABOVE)


def request_rehearsal(upload: Upload) -> Job:
    return request_job(REHEARSE, {"upload": upload.pk}, key=f"{REHEARSE}:{upload.pk}", by=upload.user)


def request_import(upload: Upload, preview: Preview) -> Job:
    """Of what the preview showed."""
    params = {"upload": upload.pk, "fingerprint": preview.fingerprint}
    return request_job(IMPORT, params, key=f"{IMPORT}:{upload.pk}", by=upload.user)


def rehearsal_of(upload: Upload) -> Job | None:
    return Job.objects.filter(key=f"{REHEARSE}:{upload.pk}").first()


def job_in_hand(upload: Upload) -> Job | None:
    """The job that says where an export stands: its import, once that was asked for; before, the rehearsal until it went
    through. None where somebody has to decide, or where no job is needed."""
    asked = Job.objects.filter(key=f"{IMPORT}:{upload.pk}").first()
    rehearsal = rehearsal_of(upload)
    return asked or (rehearsal if rehearsal and rehearsal.state != Job.State.DONE else None)


def shown_by(rehearsal: Job) -> Preview:
    return restored(rehearsal.result["preview"])


def run_rehearsal(job: Job, report: Report) -> Receipt:
    """Books: none; everything is taken back."""
    _, preview = rehearse(lambda: _imported(job, report))
    said = "The export was read and nothing stands against it. Nothing is imported yet."
    return Receipt(said, preview, goes_on=reverse("credits:certinia-import-review", args=[job.params["upload"]]))


def run_import(job: Job, report: Report) -> Receipt:
    """Books: those of `import_export`. Refused (ChangedSinceShown): what would be imported is not what was confirmed."""
    imported, preview = _imported(job, report)
    if preview.fingerprint != job.params["fingerprint"]:
        raise ChangedSinceShown
    return Receipt(imported.said, preview)


def _imported(job: Job, report: Report) -> tuple[Imported, Preview]:
    upload = Upload.objects.filter(pk=job.params["upload"], user=job.requested_by).first()
    if upload is None:
        raise FilesGone
    with recording() as entries:
        files = by_object(unpacked(bytes(upload.content)))
        imported = import_export(files, actor=job.requested_by, report=report)
    report("Adding up", 0, 0)
    return imported, described(imported, entries)
