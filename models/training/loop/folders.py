"""Where trainings find and leave things."""

from pathlib import Path

TRAINING = Path(__file__).resolve().parent.parent  # models/training
SETTINGS = TRAINING / "settings"
RUNS = TRAINING.parent.parent / ".training"  # checkpoints and loss curves; git ignores it
