"""The loop on a tiny network: resuming, the average, the guard against lost losses, export."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch

from loop.checkpoint import CheckpointError, read_checkpoint
from loop.curve import read_curve
from loop.export import largest_difference, write_onnx
from loop.exported_weights import load_exported, spread_norms
from loop.folders import SETTINGS, TRAINING
from loop.run import CHECKPOINT, CURVE, TrainingFailed, train
from loop.settings import SettingsError, read_settings, settings_from
from loop.trained import read_trained
from tests import tiny
from train import TRAINERS


def silent(_line):
    """Says nothing."""


def run_in(folder: Path, **options):
    settings = tiny.settings()
    return train(tiny, settings, tiny.open_data(settings, []), folder, say=silent, **options)


class Resume(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_stopped_and_resumed_is_the_same_bit_for_bit(self):
        run_in(self.folder / "whole")
        run_in(self.folder / "parts", until=13)
        run_in(self.folder / "parts", until=14, resume=True)
        run_in(self.folder / "parts", resume=True)
        whole = read_checkpoint(self.folder / "whole" / CHECKPOINT)
        parts = read_checkpoint(self.folder / "parts" / CHECKPOINT)
        self.assertEqual(parts["step"], 40)
        for part in ("network", "averaged"):
            for name, value in whole[part].items():
                self.assertTrue(torch.equal(value, parts[part][name]), f"{part} {name}")
        self.assertEqual(
            str(whole["optimiser"]["state"]), str(parts["optimiser"]["state"]), "the optimiser's state differs"
        )
        self.assertEqual(read_curve(self.folder / "whole" / CURVE), read_curve(self.folder / "parts" / CURVE))

    def test_killed_at_any_moment_and_resumed_is_the_same(self):
        run_in(self.folder / "whole")
        killed = subprocess.run(
            [sys.executable, "-m", "tests.tiny", str(self.folder / "parts"), "23"], cwd=TRAINING, capture_output=True
        )
        self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr.decode())
        self.assertEqual(read_checkpoint(self.folder / "parts" / CHECKPOINT)["step"], 23)
        run_in(self.folder / "parts", resume=True)
        whole, parts = (read_checkpoint(self.folder / name / CHECKPOINT) for name in ("whole", "parts"))
        for name, value in whole["averaged"].items():
            self.assertTrue(torch.equal(value, parts["averaged"][name]), name)
        self.assertEqual(read_curve(self.folder / "whole" / CURVE), read_curve(self.folder / "parts" / CURVE))

    def test_another_seed_gives_another_network(self):
        first = run_in(self.folder / "first").state_dict()
        settings = tiny.settings().with_changes(seed=2)
        second = train(tiny, settings, tiny.open_data(settings, []), self.folder / "second", say=silent).state_dict()
        self.assertFalse(torch.equal(first["0.weight"], second["0.weight"]))

    def test_a_checkpoint_of_another_model_is_refused(self):
        run_in(self.folder, until=4)
        settings = settings_from({**tiny.TABLE, "model": "another"})
        with self.assertRaisesRegex(CheckpointError, "is one of tiny"):
            train(tiny, settings, tiny.open_data(settings, []), self.folder, resume=True, say=silent)

    def test_a_damaged_checkpoint_is_refused(self):
        (self.folder / CHECKPOINT).write_bytes(b"no checkpoint")
        with self.assertRaisesRegex(CheckpointError, "not a checkpoint"):
            run_in(self.folder, resume=True)

    def test_fine_tuning_starts_from_the_averaged_weights(self):
        trained = run_in(self.folder / "first").state_dict()
        started = run_in(self.folder / "second", init=self.folder / "first" / CHECKPOINT, until=0).state_dict()
        self.assertTrue(torch.equal(trained["0.weight"], started["0.weight"]))


class ExportedWeights(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "main.onnx"
        self.trained = run_in(self.folder / "first").eval()
        write_onnx(tiny.exported(None, self.trained), self.file)
        self.pictures = [tiny.Pictures(7).batch(step)["input"] for step in range(3)]

    def assert_answers_alike(self, network, tolerance):
        with torch.no_grad():
            for picture in self.pictures:
                torch.testing.assert_close(network(picture), self.trained(picture), rtol=0, atol=tolerance)

    def test_put_back_they_answer_as_they_did(self):
        network = tiny.build(None).eval()
        self.assertEqual(load_exported(network, self.file), [])
        self.assert_answers_alike(network, 1e-5)

    def test_norms_spread_anew_change_no_answer_and_hold_in_training(self):
        network = tiny.build(None).eval()
        load_exported(network, self.file)
        spread_norms(network, [torch.cat(self.pictures)])
        self.assert_answers_alike(network, 1e-5)
        with torch.no_grad():
            whole = torch.cat(self.pictures)
            expected = network(whole)
            torch.testing.assert_close(network.train()(whole), expected, rtol=0, atol=1e-4)

    def test_a_training_goes_on_from_them(self):
        started = run_in(self.folder / "second", init=self.file, until=0).eval()
        self.assert_answers_alike(started, 1e-5)
        run_in(self.folder / "second", init=self.file)
        fresh, further = (read_curve(self.folder / name / CURVE)[0]["loss"] for name in ("first", "second"))
        self.assertLess(further, 0.5 * fresh)

    def test_what_is_shipped_fits_the_networks_of_its_settings(self):
        for name, file in (
            ("segmentation-outline", "iris-segmentation/1/outline.onnx"),
            ("segmentation-search", "iris-segmentation/1/search.onnx"),
            ("superres", "iris-superres/1/main.onnx"),
        ):
            path = TRAINING.parent / file
            trainer = importlib.import_module(TRAINERS[name])
            trained = read_trained(path, SETTINGS / f"{name}.toml", trainer.build)
            exported = trainer.exported(trained.settings, trained.network)
            self.assertLess(largest_difference(exported, path), 1e-3, name)

    def test_an_export_without_a_shift_that_is_wanted_lacks_it(self):
        bare = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1, bias=False), torch.nn.Conv2d(4, 3, 1))
        write_onnx(tiny.exported(None, bare.eval()), self.file)
        wanted = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.Conv2d(4, 3, 1))
        self.assertEqual(load_exported(wanted, self.file), ["0"])

    def test_what_is_no_export_of_this_network_is_refused(self):
        other = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 1), torch.nn.Conv2d(5, 2, 1))
        with self.assertRaisesRegex(CheckpointError, "no layer of it fits"):
            load_exported(other, self.file)
        self.file.write_bytes(b"no network")
        with self.assertRaisesRegex(CheckpointError, "not an exported network"):
            load_exported(tiny.build(None), self.file)
        with self.assertRaisesRegex(CheckpointError, "no such file"):
            load_exported(tiny.build(None), self.folder / "nothing.onnx")


class Learning(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)

    def test_the_loss_falls(self):
        with tempfile.TemporaryDirectory() as folder:
            run_in(Path(folder))
            losses = [line["loss"] for line in read_curve(Path(folder, CURVE))]
        self.assertLess(losses[-1], 0.5 * losses[0])

    def test_a_batch_without_a_finite_loss_is_passed_over(self):
        settings = tiny.settings()
        with tempfile.TemporaryDirectory() as folder:
            network = train(tiny, settings, tiny.Pictures(1, bad={7, 8}), Path(folder), say=silent)
        self.assertTrue(all(torch.isfinite(value).all() for value in network.state_dict().values()))

    def test_a_run_that_lost_its_loss_gives_up(self):
        settings = tiny.settings()
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(TrainingFailed):
            train(tiny, settings, tiny.Pictures(1, bad=set(range(100))), Path(folder), say=silent)


class ReadSettings(unittest.TestCase):
    def test_what_is_wrong_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "x.toml")
            for text, message in (
                ("model = 'x'", "missing: seed, training"),
                ("model = 'x'\nseed = 1\nsteps = 3\n[training]", "unknown: steps"),
                ("model = 'x'\nseed = 1\n[training]\nstep = 1", "step"),
                ("model = ", "x.toml"),
            ):
                file.write_text(text)
                with self.assertRaisesRegex(SettingsError, message):
                    read_settings(file)
            with self.assertRaisesRegex(SettingsError, "no such settings file"):
                read_settings(Path(folder, "y.toml"))


class Export(unittest.TestCase):
    def test_networks_of_one_model_share_a_card(self):
        from loop.export import export_model

        torch.manual_seed(0)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "tiny-model", "1")
            for name, steps in (("main", 3), ("other", 4)):
                tiny.NETWORK = name
                file = f"settings/{name}.toml"
                export_model(tiny, tiny.settings(), file, tiny.build(None), steps, "abc", target, silent)
            tiny.NETWORK = "main"
            card = json.loads((target / "model.json").read_text())
        self.assertEqual(card["version"], "1")
        self.assertEqual(sorted(card["networks"]), ["main", "other"])
        self.assertEqual(card["networks"]["main"]["input"]["shape"], [1, 3, 8, 8])
        self.assertEqual(card["training"]["steps"], 7)
        self.assertEqual(card["training"]["settings"]["other"], "settings/other.toml")

    def test_a_difference_to_the_runtime_is_refused(self):
        from loop.export import ParityError, export_model

        class Restless(torch.nn.Module):
            """Adds what only PyTorch knows: the trace freezes the first value."""

            def __init__(self):
                super().__init__()
                self.calls = 0

            def forward(self, x):
                self.calls += 1
                return x + float(self.calls)

        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(ParityError, "differs by"):
                export_model(tiny, tiny.settings(), "x", Restless(), 1, "abc", Path(folder, "1"), silent)
            self.assertEqual(list(Path(folder, "1").iterdir()), [])


if __name__ == "__main__":
    unittest.main()
