"""What every model's training shares: settings, batches, the loop itself, checkpoints, the loss curve, export."""
