"""The training loop: steps from a source of batches, with checkpoints, average, loss curve and progress."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Callable

import torch
from torch import nn

from loop.average import WeightAverage
from loop.batches import batches_from
from loop.checkpoint import CheckpointError, load_averaged, read_checkpoint, save_checkpoint, settings_table
from loop.commit import current_commit
from loop.curve import LossCurve
from loop.exported_weights import load_exported, spread_norms
from loop.progress import Progress
from loop.schedule import learning_rate
from loop.settings import Settings
from loop.trained import EXPORTED
from loop.trainer import Batch, BatchSource, Trainer

CHECKPOINT = "checkpoint.pt"
CURVE = "curve.jsonl"
BATCHES_FOR_NORMS = 8  # of the training, that batch norms of an exported network are measured on
MOST_FAILED_STEPS = 10  # steps in a row without a finite loss before a run gives up


class TrainingFailed(RuntimeError):
    """The loss is no number any more."""


@dataclass
class Run:
    """A run's moving parts; all of it goes into the checkpoint."""

    network: nn.Module
    average: WeightAverage
    optimiser: torch.optim.Optimizer
    step: int = 0  # steps done
    seconds: float = 0.0  # spent on them
    failed_steps: int = 0  # in a row


def train(
    trainer: Trainer,
    settings: Settings,
    source: BatchSource,
    folder: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    init: Path | None = None,
    minutes: float | None = None,
    until: int | None = None,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> nn.Module:
    """Trains and answers the averaged network in evaluation mode; `folder` gets the checkpoint and the loss curve.

    resume goes on where the folder's checkpoint stopped, bit for bit on one thread of the same machine.
    init starts from the averaged weights of another checkpoint, or from an exported network (fine-tuning).
    minutes lets the learning rate follow the clock instead of the steps: such a run ends in time, and not reproducibly.
    until pauses after that many steps; the plan stays that of the settings.
    SIGINT and SIGTERM save a checkpoint and stop.
    """
    folder.mkdir(parents=True, exist_ok=True)
    current_commit()  # asked now: the code may change while the run goes on
    plan = settings.training
    run, curve = _begin(trainer, settings, source, folder, device, resume, init, say)
    progress = Progress(say, plan.batch)
    stop = _StopRequest()
    last_saved = time.monotonic()
    feed = batches_from(source, run.step, plan.loader_threads, plan.ahead)
    run.network.train()
    try:
        with stop:
            while not stop.asked and run.step != until and _progress_of(run, settings, minutes) < 1:
                began = time.monotonic()
                rate = learning_rate(plan, run.step, _progress_of(run, settings, minutes))
                _step(run, trainer, settings, next(feed), rate, device, curve, say)
                run.seconds += time.monotonic() - began
                progress.show(run.step, run.seconds, _progress_of(run, settings, minutes), rate, curve.newest)
                if plan.keep_every and run.step % plan.keep_every == 0:
                    save_checkpoint(folder / f"checkpoint-{run.step:07d}.pt", _content(run, settings, source, curve))
                if time.monotonic() - last_saved >= plan.checkpoint_seconds:
                    save_checkpoint(folder / CHECKPOINT, _content(run, settings, source, curve))
                    last_saved = time.monotonic()
    finally:
        feed.close()
    save_checkpoint(folder / CHECKPOINT, _content(run, settings, source, curve))
    say(f"{run.step} steps in {run.seconds:.0f} s: {folder / CHECKPOINT}")
    return run.average.network


def _begin(
    trainer: Trainer,
    settings: Settings,
    source: BatchSource,
    folder: Path,
    device: str,
    resume: bool,
    init: Path | None,
    say: Callable[[str], None],
) -> tuple[Run, LossCurve]:
    torch.manual_seed(settings.seed)
    network = trainer.build(settings)
    if init is not None and not resume:
        missing = _start_from(init, network, source)
        say(f"started from {init}" + (f"; new weights: {', '.join(missing)}" if missing else ""))
    network = network.to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=settings.training.weight_decay)
    run = Run(network, WeightAverage(network, settings.training.average_decay), optimiser)
    if not resume:
        return run, LossCurve(folder / CURVE, settings.training.log_every)
    checkpoint = read_checkpoint(folder / CHECKPOINT)
    if checkpoint["settings"]["model"] != settings.model:
        raise CheckpointError(f"{folder / CHECKPOINT} is one of {checkpoint['settings']['model']}")
    network.load_state_dict(checkpoint["network"])
    run.average.network.load_state_dict(checkpoint["averaged"])
    optimiser.load_state_dict(checkpoint["optimiser"])
    torch.set_rng_state(checkpoint["random"])
    run.step, run.seconds = checkpoint["step"], checkpoint["seconds"]
    run.failed_steps = checkpoint["failed_steps"]
    if checkpoint["data"] != source.fingerprint():
        say("the data is not what it was at the checkpoint: the run goes on, though not bit for bit")
    say(f"resumed at step {run.step}")
    return run, LossCurve(folder / CURVE, settings.training.log_every, run.step, checkpoint["curve"])


def _start_from(init: Path, network: nn.Module, source: BatchSource) -> list[str]:
    """Weights from a checkpoint or an exported network; answers the names of those that do not fit."""
    if init.suffix != EXPORTED:
        return load_averaged(network, read_checkpoint(init))
    missing = load_exported(network, init)
    spread_norms(network, [source.batch(step)["input"] for step in range(BATCHES_FOR_NORMS)])
    return missing


def _content(run: Run, settings: Settings, source: BatchSource, curve: LossCurve) -> dict[str, Any]:
    return {
        "settings": settings_table(settings),
        "commit": current_commit(),
        "step": run.step,
        "seconds": run.seconds,
        "failed_steps": run.failed_steps,
        "network": run.network.state_dict(),
        "averaged": run.average.network.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "random": torch.get_rng_state(),
        "data": source.fingerprint(),
        "curve": curve.state(),
    }


def _progress_of(run: Run, settings: Settings, minutes: float | None) -> float:
    return run.step / settings.training.steps if minutes is None else run.seconds / (60 * minutes)


def _step(
    run: Run,
    trainer: Trainer,
    settings: Settings,
    batch: Batch,
    rate: float,
    device: str,
    curve: LossCurve,
    say: Callable[[str], None],
) -> None:
    batch = {name: value.to(device) for name, value in batch.items()}
    given = batch["input"]
    batch["input"] = given.contiguous(memory_format=torch.channels_last) if given.dim() == 4 else given
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    total, parts = trainer.loss(settings, run.network(batch["input"]), batch)
    run.optimiser.zero_grad(set_to_none=True)
    total.backward()
    norm = torch.nn.utils.clip_grad_norm_(run.network.parameters(), settings.training.clip)
    run.step += 1
    if torch.isfinite(total) and torch.isfinite(norm):
        run.optimiser.step()
        run.average.update(run.step)
        curve.add(run.step, rate, {"loss": total, **parts})
        run.failed_steps = 0
        return
    run.failed_steps += 1
    say(f"step {run.step}: no finite loss; the weights go back to their average")
    if run.failed_steps >= MOST_FAILED_STEPS:
        raise TrainingFailed(f"{MOST_FAILED_STEPS} steps in a row without a finite loss")
    run.network.load_state_dict(run.average.network.state_dict())


class _StopRequest:
    """Turns the first SIGINT or SIGTERM into a wish to stop after the step; the second one acts as usual."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "_StopRequest":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(number, self._before[number])
