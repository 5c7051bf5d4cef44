"""Geometry, squares, loss and network of the segmentation, on painted eyes."""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from loop.folders import SETTINGS
from loop.settings import SettingsError, read_settings
from segmentation import geometry
from segmentation.batches import as_tensors, open_sets
from segmentation.crop import cut_square, random_square
from segmentation.fit_disc import Border, fit_disc
from segmentation.look import unmirrored
from segmentation.loss import UNKNOWN, segmentation_loss
from segmentation.network import PLANES, Activated, DenseMoments, SegmentationNetwork, network_of
from segmentation.render import render_shard
from segmentation.shards import Shards, write_shard
from tests import painted_eye

OUTLINE = read_settings(SETTINGS / "segmentation-outline.toml")
ELLIPSE = (40.3, 33.1, 18.0, 15.0, 25.0)


class Geometry(unittest.TestCase):
    def test_an_ellipse_survives_being_told(self):
        back = geometry.ellipse_of(geometry.told_ellipse(ELLIPSE, 80), 80)
        np.testing.assert_allclose(back, ELLIPSE, rtol=1e-5)

    def test_a_disc_covers_its_area(self):
        self.assertAlmostEqual(geometry.disc(ELLIPSE, 80).sum(), math.pi * 18 * 15, delta=2)

    def test_a_moved_ellipse_is_the_moved_disc(self):
        turn = math.radians(30)
        matrix = 0.8 * np.array([[-math.cos(turn), math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0]])
        matrix[:, 2] = [40, -10]
        moved = geometry.moved_ellipse(ELLIPSE, matrix)
        angles = np.linspace(0, 2 * math.pi, 7)
        axes = np.array([[math.cos(math.radians(25)), math.sin(math.radians(25))]])
        along = axes * 18 * np.cos(angles)[:, None] + axes[:, ::-1] * [-1, 1] * 15 * np.sin(angles)[:, None]
        border = (along + ELLIPSE[:2]) @ matrix[:, :2].T + matrix[:, 2]
        back = np.radians(moved[4])
        x, y = (border - moved[:2]).T
        u, v = x * np.cos(back) + y * np.sin(back), y * np.cos(back) - x * np.sin(back)
        np.testing.assert_allclose((u / moved[2]) ** 2 + (v / moved[3]) ** 2, 1, rtol=1e-6)

    def test_moments_of_drawn_discs_tell_their_ellipses(self):
        pupil = (42.0, 35.0, 6.0, 5.5, -40.0)
        planes = torch.full((1, 7, 96, 96), -12.0)
        for plane, ellipse in ((4, ELLIPSE), (5, pupil)):
            disc = torch.from_numpy(geometry.disc(ellipse, 96)).clamp(1e-5, 1 - 1e-5)
            planes[0, plane] = torch.logit(disc)
        limbus, hole, _, areas = DenseMoments(96, 1e-6)(planes)
        np.testing.assert_allclose(limbus[0].numpy(), geometry.told_ellipse(ELLIPSE, 96), atol=2e-3)
        np.testing.assert_allclose(hole[0].numpy(), geometry.told_ellipse(pupil, 96), atol=6e-3)
        self.assertAlmostEqual(float(areas[0, 0]), math.pi * 18 * 15 / 96**2, delta=2e-3)

    def test_moments_of_empty_planes_are_finite(self):
        for answer in DenseMoments(64, 1e-6)(torch.full((2, 7, 64, 64), -20.0)):
            self.assertTrue(torch.isfinite(answer).all())

    def test_columns_tell_the_lids(self):
        planes = torch.full((1, 7, 96, 96), -12.0)
        planes[:, 0] = 12
        planes[:, 0, 20:61] = -12
        planes[:, 1, 20:61] = 12  # open from y = 20 to y = 61
        planes[0, 4] = torch.logit(torch.from_numpy(geometry.disc((48, 48, 24, 24, 0), 96)).clamp(1e-5, 1 - 1e-5))
        lids = DenseMoments(96, 1e-6)(planes)[2][0].numpy() * 24 + 48
        np.testing.assert_allclose(lids[:9], 20, atol=0.2)
        np.testing.assert_allclose(lids[9:], 61, atol=0.2)

    def test_a_cut_disc_is_fitted_finer_than_its_pixels(self):
        plane = geometry.disc(ELLIPSE, 80)
        plane[:20] = 0  # a lid
        start = np.array([40.8, 32.7, 16.0, 0.05, 0.05])
        wanted = geometry.told_ellipse(ELLIPSE, 80) * [80, 80, 80, 1, 1]
        told = fit_disc(plane, start, Border(np.ones_like(plane), np.ones_like(plane), tuple(wanted[3:])))
        np.testing.assert_allclose(told[:3], wanted[:3], atol=0.08)
        np.testing.assert_allclose(told[3:], wanted[3:], atol=0.01)

    def test_mirrored_twice_is_the_same(self):
        told = np.random.default_rng(1).random(geometry.COUNT).astype(np.float32)
        np.testing.assert_allclose(unmirrored(unmirrored(told)), told, atol=1e-6)
        self.assertFalse(np.allclose(unmirrored(told), told))


class Data(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def shard(self, number=0, count=24):
        return render_shard(painted_eye, self.folder, number, count, 1, "tight", 96, 0.2)

    def test_a_shard_is_the_same_again_and_is_not_drawn_twice(self):
        first = self.shard().read_bytes()
        written = self.shard().stat().st_mtime_ns
        self.assertEqual(self.shard().stat().st_mtime_ns, written)
        self.shard().unlink()
        self.assertEqual(self.shard().read_bytes(), first)

    def test_an_example_comes_back_as_it_was_drawn(self):
        self.shard(0, 3)
        self.shard(1, 4)
        examples = Shards([self.folder])
        self.assertEqual(len(examples), 7)
        rng = np.random.default_rng([1, 1, 2])
        self.assertGreaterEqual(rng.random(), 0.2, "this one is an eye")
        eye = painted_eye.render(rng, "tight", 96)
        example = examples[3 + 2]
        np.testing.assert_array_equal(example.picture, eye.picture)
        np.testing.assert_allclose(example.limbus, eye.limbus, rtol=1e-6)
        np.testing.assert_array_equal(example.labels & 7, eye.classes)

    def test_labels_move_with_the_picture(self):
        self.shard()
        rng = np.random.default_rng(3)
        examples = Shards([self.folder])
        eyes = [index for index in range(len(examples)) if examples[index].limbus is not None]
        for index in eyes[:10]:
            square = random_square(examples[index], rng, 96, OUTLINE.data)
            iris = (square.classes == 2) | (square.classes == 3)
            self.assertGreater((iris & (square.discs[0] > 127)).sum(), 0.97 * iris.sum())
            pupil = square.classes == 3
            self.assertGreater((pupil & (square.discs[1] > 127)).sum(), 0.93 * pupil.sum())
            rows, columns = np.nonzero(iris)
            cx, r = square.geometry[2] * 96, square.geometry[4] * 96
            for position, upper, lower in zip(
                geometry.LID_POSITIONS, square.geometry[geometry.UPPER_LID], square.geometry[geometry.LOWER_LID]
            ):
                column = rows[np.abs(columns + 0.5 - (cx + r * position)) < 1]
                if len(column):
                    self.assertGreater(column.min() + 0.5, upper * 96 - 2.5)
                    self.assertLess(column.max() + 0.5, lower * 96 + 2.5)

    def test_pictures_without_an_eye_have_nothing_to_find(self):
        self.shard()
        examples = Shards([self.folder])
        empty = next(example for example in examples if example.limbus is None)
        square = random_square(empty, np.random.default_rng(1), 96, OUTLINE.data)
        self.assertEqual(square.geometry[geometry.EYE], 0)
        self.assertEqual(int(square.discs.max()) + int(square.classes.max()), 0)

    def test_a_batch_depends_on_its_step_alone(self):
        self.shard()
        source, again = open_sets(OUTLINE, [self.folder]), open_sets(OUTLINE, [self.folder])
        again.batch(5)
        for name, value in source.batch(2).items():
            self.assertTrue(torch.equal(value, again.batch(2)[name]), name)
        self.assertFalse(torch.equal(source.batch(3)["input"], source.batch(2)["input"]))

    def test_a_folder_without_labels_is_refused(self):
        (self.folder / "images").mkdir()
        with self.assertRaisesRegex(SettingsError, "photos without labels cannot be learned from"):
            open_sets(OUTLINE, [self.folder])
        with self.assertRaisesRegex(SettingsError, "no such folder"):
            open_sets(OUTLINE, [self.folder / "missing"])


class Loss(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        rng = np.random.default_rng(1)
        eyes = [painted_eye.render(rng, "tight", 64), painted_eye.render_distractor(rng, "tight", 64)]
        with tempfile.TemporaryDirectory() as folder:
            write_shard(Path(folder, "shard-000-00000.npz"), eyes)
            examples = list(Shards([Path(folder)]))
            self.batch = as_tensors([cut_square(example, np.eye(2, 3), 64) for example in examples])
        self.network = SegmentationNetwork(64, (4, 6, 8, 8, 8), 4, 8, 1e-6)

    def parts(self):
        return segmentation_loss(OUTLINE.loss, self.network(self.batch["input"]), self.batch)[1]

    def test_geometry_counts_only_where_an_eye_is(self):
        before = self.parts()
        self.batch["geometry"][1, 2:] = 0.9  # of the picture without an eye
        after = self.parts()
        self.assertEqual({**before}, {**after})

    def test_an_unseen_pupil_costs_nothing(self):
        self.batch["geometry"][0, geometry.PUPIL_SEEN] = 0
        before = self.parts()
        self.batch["geometry"][0, geometry.PUPIL] = 0.9
        self.batch["discs"][0, 1] = 255
        self.assertEqual(before, self.parts())

    def test_unlabelled_pixels_cost_nothing(self):
        self.batch["classes"][:, :20] = UNKNOWN
        planes, told = self.network(self.batch["input"])
        before = segmentation_loss(OUTLINE.loss, (planes, told), self.batch)[1]
        planes = planes.clone()
        planes[:, :4, :20] = torch.randn_like(planes[:, :4, :20])
        self.assertEqual(before["classes"], segmentation_loss(OUTLINE.loss, (planes, told), self.batch)[1]["classes"])

    def test_every_weight_learns(self):
        total, _ = segmentation_loss(OUTLINE.loss, self.network(self.batch["input"]), self.batch)
        total.backward()
        unused = [name for name, weight in self.network.named_parameters() if weight.grad is None]
        self.assertEqual(unused, [])

    def test_probabilities_and_expected_errors_have_their_range(self):
        planes, told = Activated(self.network.eval())(self.batch["input"])
        self.assertEqual(planes.shape, (2, len(PLANES), 64, 64))
        torch.testing.assert_close(planes[:, :4].sum(1), torch.ones(2, 64, 64))
        self.assertTrue(((told[:, :2] >= 0) & (told[:, :2] <= 1)).all())
        self.assertTrue((told[:, [7, 13, 23, 33]] > 0).all())

    def test_both_networks_fit_in_eight_megabytes(self):
        sizes = []
        for name in ("outline", "search"):
            network = network_of(read_settings(SETTINGS / f"segmentation-{name}.toml").network)
            sizes.append(4 * sum(weight.numel() for weight in network.parameters()))
        self.assertLess(sum(sizes), 8_000_000)


if __name__ == "__main__":
    unittest.main()
