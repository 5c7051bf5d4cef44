"""A contact sheet of rendered eyes: `python3 -m eyes.sheet OUT.png [--frame tight] [--count 40] [--seed 0]`.

Every second eye is shown with its labels: visible iris green, pupil red, lids yellow, highlights blue, limbus white.
"""

import argparse
import time

import cv2
import numpy as np

from . import Eye, render, render_distractor
from .eye import IRIS, PUPIL


def draw_labels(eye: Eye) -> np.ndarray:
    """The picture with its labels drawn over it."""
    shown = eye.picture.copy()
    for value, colour in ((IRIS, (0, 255, 0)), (PUPIL, (0, 0, 255))):
        _outline(shown, eye.classes == value, colour)
    _outline(shown, eye.highlight > 0, (255, 80, 0))
    if eye.limbus is None:
        return shown
    cx, cy, a, b, angle = eye.limbus
    cv2.ellipse(shown, ((cx - 0.5, cy - 0.5), (2 * a, 2 * b), angle), (255, 255, 255), 1, cv2.LINE_AA)
    for line in (eye.upper, eye.lower):
        cv2.polylines(shown, [np.round(line * 16).astype(np.int32)], False, (0, 255, 255), 1, cv2.LINE_AA, 4)
    return shown


def _outline(shown: np.ndarray, region: np.ndarray, colour: tuple[int, int, int]) -> None:
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, contours, -1, colour, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--frame", choices=("whole", "tight"), default="tight")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--distractors", action="store_true", help="pictures without an eye")
    parser.add_argument("--plain", action="store_true", help="no labels")
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    draw = render_distractor if given.distractors else render
    began = time.perf_counter()
    eyes = [draw(rng, given.frame, given.size) for _ in range(given.count)]
    print(f"{given.count / (time.perf_counter() - began):.1f} pictures a second")
    cells = [eye.picture if given.plain or number % 2 == 0 else draw_labels(eye) for number, eye in enumerate(eyes)]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % 8)
    cv2.imwrite(given.out, np.vstack([np.hstack(cells[start : start + 8]) for start in range(0, len(cells), 8)]))


if __name__ == "__main__":
    main()
