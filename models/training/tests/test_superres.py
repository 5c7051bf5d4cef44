"""iris-superres: the camera, the network's shapes, the pairs, and that a training learns."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from loop.curve import read_curve
from loop.run import CURVE, train
from loop.settings import read_settings, settings_from
from superres import trainer
from superres.batches import ScenePairs
from superres.camera import _KERNELS, add_noise, compress, degrade, degrade_as_bench, shrink
from superres.evaluate import compare
from superres.measures import psnr, ssim
from superres.network import FACTOR, Superres, WholePicture
from superres.photograph import _add_grain, _grade, _soften, photograph
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
