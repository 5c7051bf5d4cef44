"""Trains, resumes, fine-tunes, evaluates and exports the project's models: one command for each of them."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

# glibc gives freed memory back to the system and fetches it again at every step, which costs a training up to a third
# of its time; these settings are read when a process starts.
MEMORY_SETTINGS = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_TOP_PAD_": "67108864"}

TRAINERS = {
    "segmentation-outline": "segmentation.trainer",
    "segmentation-search": "segmentation.trainer",
    "superres": "superres.trainer",
    "reflection": "reflection.trainer",
}

EPILOG = """
examples:
  ./irisvue train segmentation-outline --steps 20000 --threads 2     from the seed in the settings
  ./irisvue train segmentation-outline --resume                      go on where it stopped, also after a kill
  ./irisvue train segmentation-outline --init models/iris-segmentation/1/outline.onnx --data DIR
                                                                     fine-tune with own, consented photos
  ./irisvue train superres --init models/iris-superres/1/main.onnx --data DIR
                                                                     fine-tune on photographs of anything
  ./irisvue train segmentation-outline --evaluate                    figures of the newest checkpoint
  ./irisvue train segmentation-outline --export models/iris-segmentation/1
  ./irisvue train render segmentation-outline --count 40000 --workers 2 --seed 1 --out DIR
"""


def main(arguments: list[str]) -> int:
    """Runs the command; answers the exit status."""
    if arguments[:1] == ["render"]:
        return importlib.import_module("segmentation.render").main(arguments[1:])
    model = next((argument for argument in arguments if argument in TRAINERS), None)
    parser = parser_of(model)
    options = parser.parse_args(arguments)
    from loop.checkpoint import CheckpointError
    from loop.settings import SettingsError

    try:
        return run(options)
    except (SettingsError, CheckpointError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2


def parser_of(model: str | None) -> argparse.ArgumentParser:
    """The command's options; those of the model's evaluation too, where a model is named."""
    parser = argparse.ArgumentParser(
        prog="train.py", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=TRAINERS, help="what to train")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="default: settings/MODEL.toml")
    parser.add_argument("--steps", type=int, help="planned steps, instead of those of the settings")
    parser.add_argument(
        "--minutes", type=float, help="end after so many minutes: the learning rate follows the clock, not the steps"
    )
    parser.add_argument("--seed", type=int, help="instead of that of the settings")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=1, help="of the training (default 1: the same result again)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: .training/MODEL in the project")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--init", type=Path, metavar="FILE", help="start from a checkpoint, or from an exported *.onnx")
    parser.add_argument("--data", type=Path, nargs="+", default=[], metavar="DIR", help="folders of training data")
    parser.add_argument("--evaluate", action="store_true", help="no training: figures of --init, or of --out")
    parser.add_argument("--export", type=Path, metavar="DIR", help="no training: ONNX and model.json into this folder")
    if model is not None:
        importlib.import_module(TRAINERS[model]).add_arguments(parser.add_argument_group(f"evaluation of {model}"))
    return parser


def run(options: argparse.Namespace) -> int:
    """Trains, evaluates or exports, as the options say."""
    import torch

    from loop.checkpoint import CheckpointError
    from loop.export import export_model
    from loop.folders import RUNS, SETTINGS
    from loop.run import CHECKPOINT, train
    from loop.settings import read_settings
    from loop.trained import read_trained

    torch.set_num_threads(options.threads)
    if options.device == "cuda":
        torch.backends.cudnn.deterministic = True
    trainer = importlib.import_module(TRAINERS[options.model])
    file = options.settings or SETTINGS / f"{options.model}.toml"
    folder = options.out or RUNS / options.model
    if not options.evaluate and options.export is None:
        settings = read_settings(file).with_changes(seed=options.seed, steps=options.steps)
        data = trainer.open_data(settings, options.data)
        train(
            trainer,
            settings,
            data,
            folder,
            device=options.device,
            resume=options.resume,
            init=options.init,
            minutes=options.minutes,
        )
        return 0
    source = options.init or folder / CHECKPOINT
    trained = read_trained(source, file, trainer.build)
    if options.evaluate:
        trainer.evaluate(trained.settings, trained.network, options)
    if options.export is not None:
        if trained.step is None or trained.commit is None:
            raise CheckpointError(f"{source}: is exported already; --export takes a checkpoint")
        name = f"settings/{file.name}" if file.resolve().parent == SETTINGS else file.name
        export_model(trainer, trained.settings, name, trained.network, trained.step, trained.commit, options.export)
    return 0


if __name__ == "__main__":
    if any(os.environ.get(name) != value for name, value in MEMORY_SETTINGS.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **MEMORY_SETTINGS})
    sys.exit(main(sys.argv[1:]))
