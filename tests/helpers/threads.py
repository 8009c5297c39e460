"""An executor of one's own: threads of this process, for jobs that wait for something else."""

import queue
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

import paretide as pt


@dataclass
class Threads(pt.Executor):
    """Evaluates in threads; at its end it waits for what runs, since no thread can be ended."""

    workers: int = 2
    retries: int = 0
    workdir: str = ""
    shared: Mapping | None = None

    def start(self, job):
        self.threads, self.running = ThreadPoolExecutor(self.workers), {}
        self.idle = queue.SimpleQueue()
        for number in range(self.workers):
            conditions = pt.Conditions(workdir=self.workdir)
            worker = pt.Worker(
                job.copy(), f"thread-{number}", conditions=conditions, shared=self.shared
            )
            self.idle.put(worker)

    def submit(self, tasks):
        for task in tasks:
            self.running[self.threads.submit(self.evaluate, task)] = task

    def evaluate(self, task):
        worker = self.idle.get()
        try:
            return worker.evaluate(task)
        finally:
            self.idle.put(worker)

    def collect(self, timeout):
        done, _ = wait(self.running, timeout, FIRST_COMPLETED)
        return [future.result() for future in done if self.running.pop(future)]

    def drop_queued(self):
        dropped = [future for future in self.running if future.cancel()]
        return sum(len(self.running.pop(future).ids) for future in dropped)

    def close(self):
        if hasattr(self, "threads"):
            self.threads.shutdown(cancel_futures=True)
            while not self.idle.empty():
                self.idle.get().dismiss()
