"""Labelled photos as training data and as a measure, with painted eyes in a folder as people would have one."""

from __future__ import annotations

import json
import math
import tempfile
import unittest
from pathlib import Path

import cv2
import numpy as np
import torch

from loop.folders import SETTINGS
from loop.settings import SettingsError, read_settings
from eyes import Eye
from segmentation import geometry
from segmentation.batches import open_sets
from segmentation.crop import cut_square
from segmentation.evaluate_photos import evaluate_photos, half_of, labelled_place, read_labelled, summary_of
from segmentation.find_eye import Network, places
from segmentation.photos import Photos
from segmentation.render import render_shard
from segmentation.shards import UNKNOWN_CLASS
from tests import painted_eye

OUTLINE = read_settings(SETTINGS / "segmentation-outline.toml")


def write_photos(folder: Path, count: int = 3) -> list[Eye]:
    """Painted eyes of 240 px, labelled."""
    for name in ("images", "iris"):
        (folder / name).mkdir()
    labels, eyes = {}, []
    for number in range(count):
        eye = painted_eye.render(np.random.default_rng([4, number]), "whole", 240)
        name = f"eye{number}"
        cv2.imwrite(str(folder / "images" / f"{name}.png"), eye.picture)
        cv2.imwrite(str(folder / "iris" / f"{name}.png"), (eye.classes == 2).astype(np.uint8) * 255)
        keys = ("cx", "cy", "a", "b", "angle_deg")
        labels[name] = {
            "file": f"{name}.png",
            "limbus": dict(zip(keys, eye.limbus)),
            "pupil": dict(zip(keys, eye.pupil)),
            "lids": {"upper": eye.upper.tolist(), "lower": eye.lower.tolist()},
        }
        eyes.append(eye)
    (folder / "labels.json").write_text(json.dumps(labels))
    return eyes


class MiddleDisc:
    """Stands for a network: always sees a disc of half the square's width in its middle."""

    def __init__(self, size: int):
        self.size = size

    def __call__(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        disc = geometry.disc((self.size / 2, self.size / 2, self.size / 4, self.size / 4, 0), self.size)
        planes = np.zeros((1, 7, self.size, self.size), np.float32)
        planes[0, 2] = planes[0, 4] = disc
        planes[0, 0] = 1 - disc
        told = np.zeros((1, geometry.COUNT), np.float32)
        told[0, 0] = 1
        told[0, geometry.LIMBUS] = [0.5, 0.5, 0.25, 0, 0]
        told[0, geometry.LIMBUS_SCALE] = 0.01
        return torch.from_numpy(planes), torch.from_numpy(told)


class OwnPhotos(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_a_photo_becomes_what_a_renderer_would_have_drawn(self):
        eyes = write_photos(self.folder)
        for example, eye in zip(Photos([self.folder], "whole", 120), eyes, strict=True):  # kept at 240
            np.testing.assert_allclose(example.limbus, eye.limbus, rtol=1e-5)
            np.testing.assert_allclose(example.picture, eye.picture)
            known = example.labels != UNKNOWN_CLASS
            self.assertGreater(known.mean(), 0.3)
            np.testing.assert_array_less(0.97, (example.labels[known] == eye.classes[known]).mean())

    def test_the_tight_square_holds_the_iris_in_its_middle(self):
        write_photos(self.folder, 1)
        example = Photos([self.folder], "tight", 120)[0]
        cx, cy, a, b, _ = example.limbus
        np.testing.assert_allclose([cx, cy], 120, atol=1e-6)
        square = cut_square(example, np.eye(2, 3), 240)
        iris = (square.classes == 2) & (square.discs[0] > 127)
        self.assertGreater(iris.sum(), 0.3 * math.pi * a * b)
        self.assertTrue(square.lids_known)

    def test_photos_and_shards_mix(self):
        write_photos(self.folder)
        shards = self.folder / "shards"
        shards.mkdir()
        render_shard(painted_eye, shards, 0, 8, 1, "tight", 96, 0.0)
        batch = open_sets(OUTLINE, [shards, self.folder]).batch(0)
        side = OUTLINE.network["side"]
        self.assertEqual(batch["input"].shape, (16, 3, side, side))
        unknown = (batch["classes"] == 255).flatten(1).any(1)
        self.assertTrue(unknown.any() and not unknown.all(), "both kinds of pictures are in a batch")

    def test_what_is_missing_is_named(self):
        write_photos(self.folder)
        (self.folder / "iris" / "eye1.png").unlink()
        with self.assertRaisesRegex(SettingsError, "eye1 lacks its photo in images/ or its mask in iris/"):
            open_sets(OUTLINE, [self.folder])
        (self.folder / "labels.json").unlink()
        with self.assertRaisesRegex(SettingsError, "photos without labels cannot be learned from"):
            open_sets(OUTLINE, [self.folder])


class Measure(unittest.TestCase):
    def test_a_disc_where_the_iris_is_scores_and_elsewhere_is_missed(self):
        with tempfile.TemporaryDirectory() as folder:
            write_photos(Path(folder))
            photos = read_labelled(Path(folder), "all")
        network = Network(MiddleDisc(96), 96)
        found = evaluate_photos(photos, labelled_place, network)
        for one, photo in zip(found, photos):
            self.assertGreater(one.iou, 0.25, one.name)  # lids and pupil are not in that answer
            place = labelled_place(photo)[0]
            truth = photo.limbus
            expected = math.hypot(place[0] - truth[0], place[1] - truth[1]) / (2 * math.sqrt(truth[2] * truth[3]))
            self.assertAlmostEqual(one.limbus_centre, 100 * expected, delta=0.3)
        missed = evaluate_photos(photos, lambda photo: [(10.0, 10.0, 8.0)], network)
        self.assertEqual(summary_of(missed)["photos"]["missed"], len(photos))

    def test_a_search_offers_the_disc_it_sees(self):
        photo = np.zeros((100, 200, 3), np.uint8)
        cx, cy, r = places(Network(MiddleDisc(96), 96), photo)[0]
        np.testing.assert_allclose([cx, cy, r], [100, 50, 50], atol=1)

    def test_halves_share_no_photo_and_lose_none(self):
        names = [f"photo{number}.jpg" for number in range(40)]
        halves = [half_of(name) for name in names]
        self.assertEqual(set(halves), {"a", "b"})
        self.assertEqual(halves, [half_of(name) for name in names])


if __name__ == "__main__":
    unittest.main()
