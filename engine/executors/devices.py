"""Which GPUs there are, and who gets which."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from pathlib import Path

from ...errors import ExecutorError

log = logging.getLogger(__name__)

DRIVER = Path("/proc/driver/nvidia")
"""It is there if there is a driver."""

ASK_SECONDS = 10.0
"""For ``nvidia-smi`` to answer."""


def visible_devices() -> tuple[str, ...]:
    """Ids of the GPUs that this process may use, as text.

    As ``CUDA_VISIBLE_DEVICES`` says. Without it, those that ``nvidia-smi`` lists, if there is a
    driver: by number, or by the ids of the parts that they are divided into.
    """
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        devices = []
        for device in (text.strip() for text in said.split(",")):
            if not device or device.startswith("-") or device in devices:
                break  # CUDA looks no further
            devices.append(device)
        return tuple(devices)
    if not DRIVER.exists() or shutil.which("nvidia-smi") is None:
        return ()
    try:
        listed = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=ASK_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("nvidia-smi does not say which GPUs there are (%s): none is handed out", error)
        return ()
    parts = re.findall(r"^\s+MIG .*UUID: (MIG-[^)\s]+)", listed, flags=re.MULTILINE)
    return tuple(parts or re.findall(r"^GPU (\d+):", listed, flags=re.MULTILINE))


def split_devices(
    devices: tuple[str, ...], workers: int, each: int | None
) -> list[tuple[str, ...] | None]:
    """The GPUs of every worker; None where it gets no say in what it sees.

    Args:
        devices: Those that there are.
        workers: How many share them.
        each: GPUs for each worker; None splits them evenly if there are enough.

    With fewer GPUs than workers and nothing said, all workers see all of them and none has one to
    itself, which is warned of.
    Raises ExecutorError if there are fewer than were asked for.
    """
    if each is None:
        if not devices:
            return [None] * workers
        if len(devices) < workers:
            log.warning(
                "%d workers share %d GPUs (%s): ctx.device is empty in all of them; say workers=%d "
                "for one each, or gpus=0 to hide them",
                workers, len(devices), ", ".join(devices), len(devices),
            )  # fmt: skip
            return [None] * workers
        each = len(devices) // workers
        if workers * each < len(devices):
            log.warning(
                "%d of %d GPUs are not used: each of %d workers has as many as the others",
                len(devices) - workers * each, len(devices), workers,
            )  # fmt: skip
    if workers * each > len(devices):
        raise ExecutorError(
            f"{workers} workers with {each} GPUs each need {workers * each}, and there are "
            f"{len(devices)} ({', '.join(devices) or 'none'}); ask for fewer workers or GPUs, or "
            "name more in CUDA_VISIBLE_DEVICES"
        )
    return [devices[i * each : (i + 1) * each] for i in range(workers)]
