"""Whether `costopt analyze -o json` says the same whatever the partition size and the number of threads."""

import sys

from measure import COSTOPT, log, options, run


def main() -> None:
    """Compares every answer, byte for byte, with the first."""
    asked = options(__doc__ or "", requests=2_000_000)
    path = log(asked.folder, asked.requests)
    answers = {}
    for size in ("1", "16", "64"):
        for threads in ("1", "2"):
            command = [*COSTOPT, "analyze", path, "-o", "json", "--partition-mb", size]
            answers[size, threads] = run(command, env={"POLARS_MAX_THREADS": threads}).output
    same = len(set(answers.values())) == 1
    print(f"{len(answers)} runs (1, 16, 64 MB; 1, 2 threads): {'the same' if same else 'DIFFERENT'}")
    sys.exit(not same)


if __name__ == "__main__":
    main()
