"""The loss curve of a run: JSON lines, each the mean over some steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

from torch import Tensor


class LossCurve:
    """Appends a line every `every` steps. Its sums go into the checkpoint, so that a resumed curve is the same."""

    def __init__(self, path: Path, every: int, step: int = 0, state: Mapping[str, Any] | None = None):
        self.path = path
        self.every = every
        self._sums: dict[str, float] = dict(state["sums"]) if state else {}
        self._count: int = state["count"] if state else 0
        self.newest: dict[str, float] = dict(state["newest"]) if state else {}
        kept = [line for line in read_curve(path) if line["step"] <= step] if step > 0 and path.exists() else []
        path.write_text("".join(json.dumps(line) + "\n" for line in kept))

    def add(self, step: int, rate: float, parts: Mapping[str, Tensor]) -> None:
        """Adds the parts of one step's loss; `step` counts the steps done, this one included."""
        for name, value in parts.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value.detach())
        self._count += 1
        if step % self.every == 0:
            self.newest = {name: value / self._count for name, value in self._sums.items()}
            self._sums, self._count = {}, 0
            line = {"step": step, "learning_rate": rate, **self.newest}
            with open(self.path, "a") as file:
                file.write(json.dumps(line) + "\n")

    def state(self) -> dict[str, Any]:
        """What the checkpoint keeps."""
        return {"sums": self._sums, "count": self._count, "newest": self.newest}


def read_curve(path: Path) -> list[dict[str, float]]:
    """The lines of a curve; a last line that was cut off by a kill is left out."""
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            break
    return lines
