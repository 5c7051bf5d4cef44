"""Rendered, labelled eyes. No photograph is involved: numpy draws everything, OpenCV resamples it."""

from .eye import Eye
from .render import render, render_distractor

__all__ = ["Eye", "render", "render_distractor"]
