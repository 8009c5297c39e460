"""An executor over threads of this process, for jobs that wait for something else."""

import queue
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

import paretide as pt


@dataclass
class Threads(pt.Executor):
    workers: int = 2

    def start(self, job):
        self.threads, self.running = ThreadPoolExecutor(self.workers), {}  # tasks by future
        self.idle = queue.SimpleQueue()
        for number in range(self.workers):
            self.idle.put(pt.Worker(job.copy(), f"thread-{number}"))

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

    def close(self):
        self.threads.shutdown(cancel_futures=True)
        while not self.idle.empty():
            self.idle.get().dismiss()
