"""Peak anonymous memory of `costopt analyze -o json` on a log 8 times larger, against that on the smaller one."""

from measure import COSTOPT, log, options, run, verdict


def main() -> None:
    """Prints both peaks and their ratio."""
    asked = options(__doc__ or "", requests=2_000_000, runs=3)
    peaks = []
    for times in (1, 8):
        path = log(asked.folder, asked.requests * times)
        command = [*COSTOPT, "analyze", path, "-o", "json"]
        peak = max(run(command, watch=True).anonymous for _ in range(asked.runs))
        peaks.append(peak)
        print(f"{asked.requests * times:,} requests: {peak / 2**20:.0f} MiB")
    verdict("peak memory ratio", peaks[1] / peaks[0], 1.2)


if __name__ == "__main__":
    main()
