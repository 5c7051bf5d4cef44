"""The ellipse of a disc in a plane of probabilities, finer than its pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

RAYS = 64
SEARCHED = (0.6, 1.4)  # of the start's radius: where the border is looked for
STEP = 0.25  # pixels along a ray
FEWEST = 22  # crossings that a fit needs
ROUNDS = 10
ROUNDS_OF_CIRCLE = 4  # first rounds that keep the start's shape: a lid would flatten it
CUT_OFF = 3.0  # standard deviations beyond which a crossing does not count (Tukey's biweight)
ASIDE = 0.06  # of the radius: how far inside and outside the border is looked whether it is seen
UNSEEN = 0.1  # weight of a border that lids hide, beside one that is seen: there the network guesses, mostly too high
USUAL = 4.0  # weight of the usual shape where nothing is seen, in rays that are


@dataclass(frozen=True)
class Border:
    """What is known of a border besides the plane that it bounds."""

    inner: np.ndarray  # float [S,S]: probability of what is seen on its inner side
    outer: np.ndarray  # and on its outer side
    shape: tuple[float, float]  # e1, e2 that it usually has


def fit_disc(plane: np.ndarray, start: np.ndarray, border: Border) -> np.ndarray | None:
    """Rays from the start's centre, the crossing of one half nearest to the start on each, a robust fit through them.

    plane float [S,S] 0..1; start and answer: cx, cy, r, e1, e2 in pixels, corner origin. None: too little is seen.
    """
    angles = np.arange(RAYS) * (2 * math.pi / RAYS)
    distances, steepness = _crossings(plane, start, angles)
    met = np.isfinite(distances)
    if met.sum() < FEWEST:
        return None
    x = start[0] + distances[met] * np.cos(angles[met])
    y = start[1] + distances[met] * np.sin(angles[met])
    inner, outer = (
        np.nan_to_num(_interpolated(side, start[0] + away * (x - start[0]), start[1] + away * (y - start[1])))
        for side, away in ((border.inner, 1 - ASIDE), (border.outer, 1 + ASIDE))
    )
    seen = inner * outer
    sure = steepness[met] * (UNSEEN + (1 - UNSEEN) * seen)
    pull = math.sqrt(USUAL * (1 - float(seen.mean())))
    oval = np.array(start, np.float64)
    for round_number in range(ROUNDS):
        towards = np.arctan2(y - oval[1], x - oval[0])
        residual = np.hypot(x - oval[0], y - oval[1]) - radius_towards(oval, towards)
        reach = CUT_OFF * max(0.1, 1.4826 * float(np.median(np.abs(residual))))
        weight = sure * np.clip(1 - (residual / reach) ** 2, 0, None) ** 2
        effects = [np.cos(towards), np.sin(towards), np.ones_like(towards), np.cos(2 * towards), np.sin(2 * towards)]
        design = np.stack(effects[: 3 if round_number < ROUNDS_OF_CIRCLE else 5], 1)
        root = np.sqrt(weight)
        design, residual = design * root[:, None], residual * root
        if design.shape[1] == 5:  # two more rows: the usual shape
            design = np.concatenate([design, pull * np.eye(5)[3:]])
            residual = np.concatenate([residual, pull * oval[2] * (np.array(border.shape) - oval[3:])])
        change = np.linalg.lstsq(design, residual, rcond=None)[0]
        oval[:3] += change[:3]
        if len(change) == 5:
            oval[3:] += change[3:] / oval[2]
    return oval if np.isfinite(oval).all() and oval[2] > 0 else None


def radius_towards(oval: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """The oval's radius in directions from its centre."""
    eccentric = min(math.hypot(oval[3], oval[4]), 1 / 3)
    stretch = math.sqrt((1 + eccentric) / (1 - eccentric))
    a, b, turn = oval[2] * stretch, oval[2] / stretch, math.atan2(oval[4], oval[3]) / 2
    return a * b / np.hypot(b * np.cos(angles - turn), a * np.sin(angles - turn))


def _crossings(plane: np.ndarray, start: np.ndarray, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance along each ray where the plane falls through one half (not a number: nowhere), and how steeply."""
    expected = radius_towards(start, angles)
    reach = np.arange(SEARCHED[0] * expected.min() - STEP, SEARCHED[1] * expected.max() + 2 * STEP, STEP)
    x = start[0] + reach[None, :] * np.cos(angles)[:, None]
    y = start[1] + reach[None, :] * np.sin(angles)[:, None]
    values = _interpolated(plane, x, y)
    before, after = values[:, :-1], values[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        falls = (before >= 0.5) & (after < 0.5)
        at = reach[None, :-1] + STEP * (before - 0.5) / (before - after)
        away = np.where(falls, np.abs(at - expected[:, None]), np.inf)
    best = away.argmin(1)
    rows = np.arange(len(angles))
    found = np.where(np.isfinite(away[rows, best]), at[rows, best], np.nan)
    around = int(0.5 / STEP)
    low, high = np.maximum(best - around, 0), np.minimum(best + 1 + around, values.shape[1] - 1)
    steepness = np.clip(values[rows, low] - values[rows, high], 0, 1)
    found[~(steepness > 0)] = np.nan
    return found, steepness


def _interpolated(plane: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bilinear, corner origin; not a number beyond the plane's outermost pixel centres."""
    size = plane.shape[0]
    inside = (x >= 0.5) & (y >= 0.5) & (x <= size - 0.5) & (y <= size - 0.5)
    column, row = np.clip(x - 0.5, 0, size - 1), np.clip(y - 0.5, 0, size - 1)
    left, top = np.minimum(column.astype(int), size - 2), np.minimum(row.astype(int), size - 2)
    across, down = column - left, row - top
    upper = plane[top, left] * (1 - across) + plane[top, left + 1] * across
    lower = plane[top + 1, left] * (1 - across) + plane[top + 1, left + 1] * across
    return np.where(inside, upper * (1 - down) + lower * down, np.nan)
