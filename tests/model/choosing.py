"""What the rules of the state machine draw from."""

import datetime

from hypothesis import strategies as st

DAY = datetime.timedelta(days=1)
PICK = st.integers(0, 11)
DAYS = st.integers(0, 40).map(lambda days: datetime.timedelta(days=days))


def choose(pairs, pick, likely=lambda twin: True):
    """One of the pairs of product row and model twin; mostly one of the likely ones, so that commands go through."""
    preferred = [pair for pair in pairs if likely(pair[1])] if pick % 4 else []
    among = preferred or pairs
    return among[pick % len(among)]
