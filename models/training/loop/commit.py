"""The commit that a training ran from."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path


@functools.cache
def current_commit() -> str:
    """The hash of HEAD, with "+changes" where models/training differs from it; "unknown" without a repository."""
    folder = Path(__file__).parent.parent
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+changes" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
