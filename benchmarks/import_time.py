"""What `import paretide` and `paretide --help` cost: medians of fresh interpreters."""

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "import numpy": ["-c", "import numpy"],
    "import paretide": ["-c", "import paretide"],
    "paretide --help": ["-m", "paretide", "--help"],
}


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(9):  # interleaved
        for name, arguments in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        print(f"{name}: {median:.3f} s")
    extra = medians["import paretide"] - medians["import numpy"]
    print(f"import paretide beyond NumPy: {extra:.3f} s")


if __name__ == "__main__":
    main()
