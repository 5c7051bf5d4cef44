"""What the filling network and its data promise."""

import unittest

import numpy as np
import torch

from loop.settings import read_settings
from reflection import trainer
from reflection.strips import COLUMNS, ROWS, draw_strip
from pathlib import Path


class ReflectionTest(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(1)
        self.settings = read_settings(Path(__file__).parent.parent / "settings" / "reflection.toml")
        self.batch = trainer.HoledStrips(self.settings.data, 5, 2).batch(3)

    def test_a_strip_follows_from_its_seed(self) -> None:
        one, again = (draw_strip(np.random.default_rng(7)) for _ in range(2))
        self.assertEqual(one.shape, (ROWS, COLUMNS, 3))
        np.testing.assert_array_equal(one, again)

    def test_a_batch_follows_from_seed_and_step(self) -> None:
        again = trainer.HoledStrips(self.settings.data, 5, 2).batch(3)
        for name, values in self.batch.items():
            self.assertTrue(torch.equal(values, again[name]), name)

    def test_holes_are_unknown_and_empty(self) -> None:
        hole, given = self.batch["hole"] > 0, self.batch["input"]
        self.assertTrue(hole.any())
        self.assertEqual(float((given * hole).abs().max()), 0)

    def test_what_is_known_comes_back_as_it_was(self) -> None:
        network = trainer.build(self.settings).eval()
        torch.nn.init.normal_(network.head.weight)
        with torch.no_grad():
            answer = network(self.batch["input"])
        known = self.batch["input"][:, 3:4]
        self.assertTrue(torch.equal(answer * known, self.batch["truth"] * known))

    def test_untrained_it_is_the_smooth_fill_and_learns(self) -> None:
        network = trainer.build(self.settings)
        before, _ = trainer.loss(self.settings, network(self.batch["input"]), self.batch)
        optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
        for _ in range(8):
            optimiser.zero_grad()
            trainer.loss(self.settings, network(self.batch["input"]), self.batch)[0].backward()
            optimiser.step()
        after, _ = trainer.loss(self.settings, network(self.batch["input"]), self.batch)
        self.assertLess(float(after), float(before))


if __name__ == "__main__":
    unittest.main()
