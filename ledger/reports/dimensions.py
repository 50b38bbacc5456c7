"""Dimension values as they are read."""

from collections.abc import Mapping

from pages import formats


def dimension_text(chosen: Mapping[str, str]) -> str:
    """REGION NORTH, TEAM A"""
    return ", ".join(f"{dimension} {value}" for dimension, value in sorted(chosen.items())) or formats.NOTHING
