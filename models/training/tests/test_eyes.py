"""The rendered eye: what its labels promise."""

import unittest

import numpy as np

from eyes import render, render_distractor
from eyes.eye import BACKGROUND, IRIS, PUPIL, SCLERA
from eyes.iris import render_texture

SIZE = 128


def inside(ellipse, size: int) -> np.ndarray:
    """Pixels whose centre an ellipse holds, [size, size]."""
    cx, cy, a, b, degrees = ellipse
    steps = np.arange(size) + 0.5
    x, y = np.meshgrid(steps - cx, steps - cy)
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return ((x * cos + y * sin) / a) ** 2 + ((y * cos - x * sin) / b) ** 2 <= 1


class RenderedEyes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.eyes = [
            (frame, render(np.random.default_rng([5, number]), frame, SIZE))
            for number in range(24)
            for frame in ("whole", "tight")
        ]

    def test_same_seed_same_eye(self):
        first, second = (render(np.random.default_rng(9), "tight", SIZE) for _ in range(2))
        np.testing.assert_array_equal(first.picture, second.picture)
        np.testing.assert_array_equal(first.classes, second.classes)
        self.assertEqual(first.limbus, second.limbus)

    def test_shapes_and_ranges(self):
        for _, eye in self.eyes:
            self.assertEqual((eye.picture.shape, eye.picture.dtype), ((SIZE, SIZE, 3), np.uint8))
            self.assertEqual((eye.classes.shape, eye.classes.dtype), ((SIZE, SIZE), np.uint8))
            self.assertLessEqual(set(np.unique(eye.classes)), {BACKGROUND, SCLERA, IRIS, PUPIL})
            self.assertLessEqual(set(np.unique(eye.highlight)), {0, 1})
            self.assertTrue((np.diff(eye.upper[:, 0]) >= 0).all())
            self.assertTrue((np.diff(eye.lower[:, 0]) >= 0).all())

    def test_ellipses_agree_with_the_classes_to_a_pixel(self):
        for frame, eye in self.eyes:
            grown = (*eye.limbus[:2], eye.limbus[2] + 1, eye.limbus[3] + 1, eye.limbus[4])
            seen = np.isin(eye.classes, (IRIS, PUPIL))
            self.assertFalse((seen & ~inside(grown, SIZE)).any(), f"{frame}: iris beyond the limbus")
            shrunk = (*eye.limbus[:2], max(0.1, eye.limbus[2] - 1), max(0.1, eye.limbus[3] - 1), eye.limbus[4])
            self.assertFalse(((eye.classes == SCLERA) & inside(shrunk, SIZE)).any(), f"{frame}: sclera in the limbus")
            pupil = (*eye.pupil[:2], eye.pupil[2] + 1, eye.pupil[3] + 1, eye.pupil[4])
            self.assertFalse(((eye.classes == PUPIL) & ~inside(pupil, SIZE)).any(), f"{frame}: pupil beyond its ellipse")

    def test_upright_lids_bound_the_opening(self):
        steps = np.arange(SIZE) + 0.5
        checked = 0
        for _, eye in self.eyes:
            for x in range(0, SIZE, 9):
                rows = np.flatnonzero(eye.classes[:, x])
                if len(rows) == 0 or not all(line[0, 0] < x < line[-1, 0] for line in (eye.upper, eye.lower)):
                    continue
                top = np.interp(steps[x], eye.upper[:, 0], eye.upper[:, 1])
                bottom = np.interp(steps[x], eye.lower[:, 0], eye.lower[:, 1])
                self.assertGreater(rows[0] + 0.5, top - 4)
                self.assertLess(rows[-1] + 0.5, bottom + 4)
                checked += 1
        self.assertGreater(checked, 100)

    def test_highlights_lie_on_the_eyeball(self):
        for _, eye in self.eyes:
            self.assertFalse((eye.highlight.astype(bool) & (eye.classes == BACKGROUND)).any())
        self.assertGreater(sum(eye.highlight.any() for _, eye in self.eyes), len(self.eyes) / 3)

    def test_some_pupils_cannot_be_seen(self):
        visible = sum(eye.pupil_visible for _, eye in self.eyes) / len(self.eyes)
        self.assertGreater(visible, 0.6)
        self.assertLess(visible, 0.99)

    def test_no_eye_no_labels(self):
        for number in range(20):
            none = render_distractor(np.random.default_rng([6, number]), "whole", SIZE)
            self.assertIsNone(none.limbus)
            self.assertFalse(none.classes.any() or none.highlight.any() or none.pupil_visible)
            self.assertGreater(none.picture.astype(float).std(), 0)

    def test_bare_iris_is_dark_inside_the_pupil(self):
        picture, limbus, pupil = render_texture(np.random.default_rng(3), 256, 220)
        self.assertEqual(picture.shape, (256, 256, 3))
        iris = inside(limbus, 256) & ~inside(pupil, 256)
        shrunk = (*pupil[:2], 0.8 * pupil[2], 0.8 * pupil[3], 0)
        self.assertLess(picture[inside(shrunk, 256)].mean(), picture[iris].mean())


if __name__ == "__main__":
    unittest.main()
