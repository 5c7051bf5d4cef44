"""Batches in the order of their steps, prepared ahead by threads."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Iterator

from loop.trainer import Batch, BatchSource


def batches_from(source: BatchSource, first_step: int, threads: int, ahead: int) -> Iterator[Batch]:
    """Endless batches from `first_step` on. The order does not depend on the number of threads (0: none besides)."""
    if threads == 0:
        step = first_step
        while True:
            yield source.batch(step)
            step += 1
    executor = ThreadPoolExecutor(threads, thread_name_prefix="batches")
    waiting: deque[Future[Batch]] = deque()
    step = first_step
    try:
        while True:
            while len(waiting) < max(ahead, threads):
                waiting.append(executor.submit(source.batch, step))
                step += 1
            yield waiting.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
