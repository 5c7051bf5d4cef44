"""The command as a person runs it: train, resume, evaluate, export, and what it says when something is missing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from loop.curve import read_curve
from loop.folders import TRAINING
from segmentation.render import render_shard
from tests import painted_eye

SETTINGS = TRAINING / "tests" / "loss-curve.toml"


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        render_shard(painted_eye, self.folder, 0, 12, 1, "tight", 80, 0.2)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(TRAINING / "train.py"), "segmentation-outline", "--settings", str(SETTINGS)]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=self.folder)

    def test_from_the_seed_to_a_model(self):
        data, out = ("--data", str(self.folder)), ("--out", str(self.folder / "run"))
        for arguments in (
            (*data, "--steps", "21"),
            (*data, "--steps", "40", "--resume"),
            (*data, "--evaluate", "--count", "8", "--json", "figures.json"),
            ("--export", "iris-segmentation/7"),
        ):
            done = self.command(*arguments, *out)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line["step"] for line in read_curve(self.folder / "run" / "curve.jsonl")], [20, 40])
        figures = json.loads((self.folder / "figures.json").read_text())["rendered"]
        self.assertGreater(figures["iou_background"], 0)
        self.assertLessEqual(figures["presence_right"], 1)
        card = json.loads((self.folder / "iris-segmentation" / "7" / "model.json").read_text())
        self.assertEqual(card["name"], "iris-segmentation")
        self.assertEqual(card["version"], "7")
        outline = card["networks"]["outline"]
        self.assertEqual([output["shape"] for output in outline["outputs"]], [[1, 7, 64, 64], [1, 34]])
        self.assertEqual(outline["classes"][2], "iris")
        self.assertEqual(card["training"]["steps"], 40)

    def test_what_is_missing_is_said_in_one_line(self):
        for arguments, message in (
            ((), "no data: name folders by --data"),
            (("--data", "nowhere"), "nowhere: there is no such folder"),
            (("--resume", "--data", str(self.folder), "--out", "empty"), "there is no such checkpoint"),
            (("--evaluate", "--out", "empty"), "there is no such checkpoint"),
        ):
            done = self.command(*arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, message)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
