"""When the revenue of a milestone is posted, and when it was: in the words of its pages, whatever the settings said when its
credits were allocated."""

from credits.models import Allocation, Completion, CreditsSetup, Milestone
from credits.models.setup import Recognition
from pages import formats

WHEN = {
    Recognition.NIGHT: "posted by the night after it is completed",
    Recognition.COMPLETION: "posted at once when it is completed",
    Recognition.ALLOCATION: "posted when its credits are allocated",
}


def recognition_of(milestone: Milestone) -> Recognition:
    """As its allocation was stamped; before it has one, as the setup says now."""
    stamped = Allocation.objects.filter(milestone=milestone).values_list("recognise", flat=True).first()
    return Recognition(stamped or CreditsSetup.current().recognise_revenue)


def recognised_on_allocation(milestone: Milestone) -> bool:
    """Whether allocating its credits has posted revenue, which stays until they are given back."""
    if recognition_of(milestone) != Recognition.ALLOCATION:
        return False
    return milestone.consumptions.filter(paid_amount__gt=0).exists()


def revenue_told(completion: Completion, recognition: Recognition, *, on_allocation: bool) -> str:
    """What became of the revenue of a completion. `on_allocation`: as `recognised_on_allocation` says of its milestone."""
    if completion.earned_on is None:
        return "None was posted" if completion.reopened_at else "Waits for the next night"
    if on_allocation and completion.entry_id is None:
        return "Posted when its credits were allocated"
    day = formats.day(completion.earned_on)
    if completion.entry_id is None:
        return f"Nothing was paid, so nothing was posted on {day}"
    if recognition == Recognition.COMPLETION:
        return f"Posted on {day}, when it was completed"
    return f"Posted by the night of {day}"
