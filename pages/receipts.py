"""The receipt of an action: the panel that was confirmed, in the past tense, once, on the page that follows."""

import json
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from pages.http import Request
from pages.preview import Change, LeftOut, Link, PostingLine, Preview

KEY = "receipt"
AMOUNTS = ("debit", "credit", "debit_lcy", "credit_lcy")


def keep(request: Request, preview: Preview) -> None:
    if preview.changes or preview.postings or preview.made:
        request.session[KEY] = json.loads(json.dumps(asdict(preview), cls=DjangoJSONEncoder))


def take(request: Request) -> Preview | None:
    kept = request.session.pop(KEY, None)
    return past(restored(kept)) if kept else None


def past(preview: Preview) -> Preview:
    """Afterwards there is nothing left to be warned of."""
    return replace(preview, warnings=())


def restored(kept: dict[str, Any]) -> Preview:
    """A preview as it was before it became JSON, with the same fingerprint."""
    rows = {
        "changes": [Change(**row) for row in kept["changes"]],
        "postings": [PostingLine(**row | {name: Decimal(row[name]) for name in AMOUNTS}) for row in kept["postings"]],
        "left_out": [LeftOut(**row) for row in kept["left_out"]],
        "made": [Link(**row) for row in kept["made"]],
    }
    return Preview(**kept | rows)
