"""iris-superres: the camera, the network's shapes, the pairs, and that a training learns."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch

from loop.curve import read_curve
from loop.export import export_model
from loop.run import CURVE, train
from loop.settings import SettingsError, read_settings, settings_from
from superres import trainer
from superres.album import Album
from superres.batches import ScenePairs
from superres.camera import (
    _KERNELS,
    _degrade_little,
    _degrade_much,
    add_noise,
    compress,
    degrade,
    degrade_as_bench,
    shrink,
)
from superres.evaluate import compare
from superres.measures import psnr, ssim
from superres.network import FACTOR, Superres, WholePicture
from superres.photograph import _add_grain, _enlarge, _grade, _soften, _soften_colour, photograph
from superres.scenes import _KINDS, render_scene

SETTINGS = Path(__file__).parent.parent / "settings" / "superres.toml"


def ramp(side: int) -> np.ndarray:
    """A picture that grows evenly to the right and down."""
    across = np.linspace(0, 200, side, dtype=np.float32)
    return np.repeat(((across[None] + across[:, None]) / 2)[..., None], 3, 2).astype(np.uint8)


class Camera(unittest.TestCase):
    def test_every_kernel_quarters_the_sides_and_moves_nothing(self):
        picture = ramp(128)
        means = picture.reshape(32, 4, 32, 4, 3).mean((1, 3))
        for kernel in _KERNELS:
            inner = np.s_[4:-4, 4:-4]
            self.assertLess(np.abs(shrink(picture, kernel)[inner] - means[inner]).max(), 1)

    def test_other_sides_are_refused(self):
        with self.assertRaises(ValueError):
            shrink(np.zeros((10, 12, 3), np.uint8), _KERNELS[0])

    def test_a_degraded_picture_follows_from_the_seed(self):
        picture = render_scene(np.random.default_rng(1), 64, {"leaves": 1})
        for make in (degrade, degrade_as_bench):
            one, same, other = (make(np.random.default_rng(seed), picture) for seed in (1, 1, 2))
            self.assertEqual((one.shape, one.dtype), ((16, 16, 3), np.uint8))
            np.testing.assert_array_equal(one, same)
            self.assertTrue((one != other).any())

    def test_some_pictures_are_harmed_little_and_some_much(self):
        picture = ramp(128)
        shrunk = shrink(picture, _KERNELS[0])

        def off(make):
            made = [make(np.random.default_rng(seed), picture).astype(int) for seed in range(20)]
            return np.array([np.abs(each - shrunk)[4:-4, 4:-4].mean() for each in made])

        little, much = off(_degrade_little), off(_degrade_much)
        self.assertLess(little.max(), 1.2)
        self.assertEqual(little.min(), 0)  # nothing but shrinking
        self.assertGreater(much.min(), 0)
        self.assertGreater(much.mean(), 1.5 * little.mean())

    def test_noise_has_its_deviation_and_compression_stays_near(self):
        grey = np.full((256, 256, 3), 128, np.uint8)
        self.assertAlmostEqual(float(add_noise(np.random.default_rng(0), grey, 2.0).std()), 2.0, delta=0.1)
        for whole_colour in (False, True):
            self.assertGreater(psnr(compress(ramp(64), 90, whole_colour), ramp(64)), 38)


class Photograph(unittest.TestCase):
    SCENE = render_scene(np.random.default_rng(2), 128, {"leaves": 1})

    def test_it_follows_from_the_seed(self):
        one, same, other = (photograph(np.random.default_rng(seed), self.SCENE) for seed in (1, 1, 2))
        self.assertEqual((one.shape, one.dtype), (self.SCENE.shape, np.uint8))
        np.testing.assert_array_equal(one, same)
        self.assertTrue((one != other).any())

    def test_softening_keeps_the_mean(self):
        for seed in range(12):
            soft = _soften(np.random.default_rng(seed), self.SCENE)
            self.assertAlmostEqual(float(soft.mean()), float(self.SCENE.mean()), delta=4)

    def test_softer_colours_leave_the_light(self):
        grey, lines = (cv2.cvtColor(self.SCENE, code).astype(int) for code in (cv2.COLOR_BGR2GRAY, cv2.COLOR_BGR2YCrCb))
        for seed in range(6):
            soft = _soften_colour(np.random.default_rng(seed), self.SCENE)
            light, planes = cv2.cvtColor(soft, cv2.COLOR_BGR2GRAY), cv2.cvtColor(soft, cv2.COLOR_BGR2YCrCb)
            self.assertLess(float(np.median(np.abs(light - grey))), 2)  # more only where a channel ends
            for plane in (1, 2):
                self.assertLess(planes[..., plane].std(), lines[..., plane].std())

    def test_an_enlarged_picture_keeps_size_and_mean_and_loses_detail(self):
        for seed in range(6):
            enlarged = _enlarge(np.random.default_rng(seed), self.SCENE)
            self.assertEqual(enlarged.shape, self.SCENE.shape)
            self.assertAlmostEqual(float(enlarged.mean()), float(self.SCENE.mean()), delta=2)
            detail, before = (np.abs(np.diff(each.astype(int), axis=1)).mean() for each in (enlarged, self.SCENE))
            self.assertLess(detail, before)

    def test_grading_moves_colours_and_leaves_grey_without_colour(self):
        grey = np.repeat(ramp(64)[..., :1], 3, 2)
        for seed in range(6):
            graded = _grade(np.random.default_rng(seed), grey)
            self.assertEqual(int(np.ptp(graded, axis=2).max()), 0)
            self.assertTrue((_grade(np.random.default_rng(seed), self.SCENE) != self.SCENE).any())

    def test_grain_has_its_deviation_and_moves_no_mean(self):
        flat = np.full((128, 128, 3), 128, np.uint8)
        for seed in range(6):
            grainy = _add_grain(np.random.default_rng(seed), flat)
            self.assertAlmostEqual(float(grainy.mean()), 128, delta=1)
            self.assertTrue(0.4 < grainy.std() < 5.5)


class Scenes(unittest.TestCase):
    def test_every_kind_follows_from_the_seed_and_is_not_flat(self):
        for kind in _KINDS:
            with self.subTest(kind):
                one, same = (render_scene(np.random.default_rng(5), 96, {kind: 1}) for _ in range(2))
                self.assertEqual((one.shape, one.dtype), ((96, 96, 3), np.uint8))
                np.testing.assert_array_equal(one, same)
                self.assertGreater(one.std(), 0.5)


class Photographs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, height: int, width: int) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        scene = render_scene(np.random.default_rng(7), max(height, width), {"leaves": 1})
        cv2.imwrite(str(file), scene[:height, :width])

    def test_windows_follow_from_the_seed_and_have_their_size(self):
        self.write("one.png", 300, 200)
        self.write("deep/two.JPG", 96, 120)
        album = Album([self.folder], 80)
        one, same, other = (album.window(np.random.default_rng(seed)) for seed in (1, 1, 2))
        self.assertEqual((one.shape, one.dtype), ((80, 80, 3), np.uint8))
        np.testing.assert_array_equal(one, same)
        self.assertFalse(np.array_equal(one, other))

    def test_its_fingerprint_tells_what_windows_follow_from(self):
        self.write("one.png", 90, 90)
        self.write("two.png", 90, 91)
        before = Album([self.folder], 80).fingerprint()
        self.write("small.png", 60, 200)  # left out
        self.assertEqual(Album([self.folder], 80).fingerprint(), before)
        (self.folder / "one.png").rename(self.folder / "same_order.png")
        self.assertEqual(Album([self.folder], 80).fingerprint(), before)
        (self.folder / "two.png").rename(self.folder / "0.png")
        self.assertNotEqual(Album([self.folder], 80).fingerprint(), before)

    def test_a_photograph_is_kept_at_no_more_than_the_largest_size(self):
        self.write("one.png", 200, 200)
        with mock.patch("superres.album.LARGEST", 100 * 100):
            self.assertEqual(Album([self.folder], 80).window(np.random.default_rng(1)).shape, (80, 80, 3))
            with self.assertRaises(SettingsError):
                Album([self.folder], 120)

    def test_folders_that_cannot_be_learnt_from_are_named(self):
        self.write("small.png", 60, 200)
        with self.assertRaisesRegex(SettingsError, f"no photograph of 80 pixels each way in {self.folder}"):
            Album([self.folder], 80)
        (self.folder / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
        with self.assertRaisesRegex(SettingsError, "cut.jpg: not a picture"):
            Album([self.folder], 80)

    def test_a_training_draws_from_them_as_often_as_its_settings_say(self):
        cv2.imwrite(str(self.folder / "red.png"), np.full((520, 520, 3), (0, 0, 250), np.uint8))
        data = {**Learning.DATA, "photographed": 1.0}
        photographed = ScenePairs(data, seed=3, count=4, reach=4, folders=[self.folder])
        never = ScenePairs({**data, "photographed": 0.0}, seed=3, count=4, reach=4, folders=[self.folder])
        drawn = ScenePairs(data, seed=3, count=4, reach=4)
        self.assertLess(float(photographed.batch(0)["truth"].std((2, 3)).max()), 0.05)
        for other in (never, drawn):
            self.assertGreater(float(other.batch(0)["truth"].std((2, 3)).max()), 0.05)
        self.assertEqual(drawn.fingerprint(), "drawn")
        self.assertEqual(photographed.fingerprint(), Album([self.folder], 512).fingerprint())


class Network(unittest.TestCase):
    def test_untrained_it_is_an_interpolation(self):
        larger = WholePicture(Superres(4, 1))(torch.full((1, 3, 9, 13), 0.25))
        self.assertEqual(tuple(larger.shape), (1, 3, 36, 52))
        torch.testing.assert_close(larger, torch.full_like(larger, 0.25))
        across = torch.arange(32.0).repeat(32, 1) / 64
        larger = WholePicture(Superres(4, 1))(across.repeat(1, 3, 1, 1))
        expected = ((torch.arange(128.0) + 0.5) / 4 - 0.5) / 64
        torch.testing.assert_close(larger[0, 1, 64, 16:-16], expected[16:-16], atol=1e-3, rtol=0)

    def test_a_pixel_depends_on_its_reach_and_on_no_more(self):
        torch.manual_seed(0)
        network = Superres(4, 2)
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        reach = network.reach
        picture = torch.rand(1, 3, 2 * reach + 5, 2 * reach + 5, requires_grad=True)
        answer = network(picture)
        self.assertEqual(tuple(answer.shape), (1, 3, 5 * FACTOR, 5 * FACTOR))
        answer[..., :FACTOR, :FACTOR].abs().sum().backward()
        seen = torch.nonzero(picture.grad.abs().sum((0, 1)))
        self.assertLessEqual(int(seen.max()), 2 * reach)

    def test_bfloat16_touches_the_correction_of_training_steps_only(self):
        torch.manual_seed(0)
        low = Superres(8, 1, bfloat16=True)
        whole = Superres(8, 1)
        picture = torch.rand(1, 3, 16, 16)
        torch.testing.assert_close(low(picture), whole(picture), atol=0, rtol=0)  # untrained: no correction
        torch.nn.init.normal_(low.tail.weight, std=0.2)
        whole.load_state_dict(low.state_dict())
        self.assertEqual(low(picture).dtype, torch.float32)
        self.assertFalse(torch.equal(low(picture), whole(picture)))
        torch.testing.assert_close(low(picture), whole(picture), atol=2e-3, rtol=0)
        torch.testing.assert_close(low.eval()(picture), whole.eval()(picture), atol=0, rtol=0)

    def test_exported_sizes_and_reach(self):
        settings = read_settings(SETTINGS)
        exported = trainer.exported(settings, trainer.build(settings).eval())
        self.assertEqual(exported.thresholds, {"receptive_radius": 14})
        for sample in exported.samples:
            self.assertEqual(exported.module(torch.from_numpy(sample)).shape[2:], tuple(4 * n for n in sample.shape[2:]))


class Export(unittest.TestCase):
    def test_a_network_that_trained_in_bfloat16_is_exported_and_compared_in_float32(self):
        network = Superres(4, 1, bfloat16=True)
        torch.nn.init.normal_(network.tail.weight, std=0.2)
        with tempfile.TemporaryDirectory() as folder:
            said = []
            target = Path(folder, "iris-superres", "1")
            export_model(trainer, read_settings(SETTINGS), "x", network.train(), 1, "abc", target, said.append)
            self.assertLess(float(said[0].split()[-1]), 1e-5)


class Learning(unittest.TestCase):
    DATA = {"patch": 24, "scenes": 4, "steps_per_scene": 4, "kinds": {"leaves": 1.0}}

    def test_pairs_fit_together_and_follow_from_seed_and_step(self):
        one, same = (ScenePairs(self.DATA, seed=3, count=2, reach=4) for _ in range(2))
        same.batch(0)  # what was asked for before makes no difference
        batch, again, next_one = one.batch(5), same.batch(5), one.batch(6)
        self.assertEqual(tuple(batch["input"].shape), (2, 3, 32, 32))
        self.assertEqual(tuple(batch["truth"].shape), (2, 3, 96, 96))
        self.assertTrue(0 <= float(batch["truth"].min()) <= float(batch["truth"].max()) <= 1)
        torch.testing.assert_close(batch, again, atol=0, rtol=0)
        self.assertFalse(torch.equal(batch["input"], next_one["input"]))
        shrunk = torch.nn.functional.avg_pool2d(batch["truth"], FACTOR)
        self.assertLess(float((shrunk - batch["input"][:, :, 4:-4, 4:-4]).abs().mean()), 0.05)

    def test_twenty_steps_lower_the_loss(self):
        settings = settings_from(
            {
                "model": "superres",
                "seed": 1,
                "training": {
                    "steps": 20,
                    "batch": 4,
                    "learning_rate": 1e-3,
                    "warm_up": 1,
                    "clip": 20.0,
                    "log_every": 1,
                    "loader_threads": 0,
                },
                "network": {"width": 8, "blocks": 1},
                "data": self.DATA,
            }
        )

        class OneBatch:
            """The same pairs at every step, so that luck with the pairs does not count."""

            first = ScenePairs(self.DATA, seed=1, count=4, reach=4).batch(0)

            def batch(self, step):
                return dict(self.first)

            def fingerprint(self):
                return "one batch"

        with tempfile.TemporaryDirectory() as folder:
            train(trainer, settings, OneBatch(), Path(folder), say=lambda line: None)
            losses = [line["loss"] for line in read_curve(Path(folder) / CURVE)]
        self.assertEqual(len(losses), 20)
        self.assertLess(losses[-1], losses[0] - 0.02)  # dB


class Measures(unittest.TestCase):
    def test_psnr_and_ssim(self):
        picture = render_scene(np.random.default_rng(3), 64, {"clouds": 1})
        self.assertEqual((psnr(picture, picture), round(ssim(picture, picture), 9)), (float("inf"), 1.0))
        brighter = np.clip(picture.astype(int) + 1, 0, 255).astype(np.uint8)
        self.assertAlmostEqual(psnr(np.zeros_like(picture), np.ones_like(picture)), 48.13, places=2)
        self.assertGreater(ssim(brighter, picture), 0.99)

    def test_an_untrained_network_is_lanczos(self):
        scene = render_scene(np.random.default_rng(4), 64, {"leaves": 1})
        row = compare(Superres(4, 1).eval(), iter([("one", scene)]))["one"]
        self.assertEqual(row["network"], row["lanczos"])


if __name__ == "__main__":
    unittest.main()
