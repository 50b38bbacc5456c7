"""Which page answers for the events of milestones in the books."""

from credits.models import Milestone


def milestones(keys: list[str]) -> dict[str, tuple[str, str]]:
    """The milestone behind each event (`milestone:17:complete:1`)."""
    ids = {key: int(key.split(":")[1]) for key in keys}
    found = Milestone.objects.in_bulk(set(ids.values()))
    return {key: (str(found[pk]), found[pk].get_absolute_url()) for key, pk in ids.items() if pk in found}
