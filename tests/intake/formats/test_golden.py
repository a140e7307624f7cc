"""Each folder here is a log format: a sample, and what costopt reads in it.

`pytest --inline-snapshot=fix` writes what is read anew; look at the difference.
"""

import gzip
import json
from pathlib import Path

import pytest
from inline_snapshot import external_file

from costopt.errors import FormatError
from costopt.intake.formats.catalogue import FORMATS
from costopt.intake.formats.format import Wishes
from costopt.intake.formats.generic import GENERIC
from costopt.intake.partitions import partitions
from costopt.intake.reading import Reader
from costopt.intake.sources import Source
from costopt.models.schema import REQUESTS

HERE = Path(__file__).parent
REFUSED = {each.name for each in FORMATS if each.refusal}
FOUND = sorted(HERE.glob("*/sample*.*"))
SAMPLES = [sample for sample in FOUND if sample.parent.name not in REFUSED]
ALL = tuple(REQUESTS)
GIVEN = {"anthropic-batch": {"timestamp": "2026-11-01"}}
"""By format, the constants without which it cannot be read."""


def requests_in(sample: Path, size: int) -> dict[str, object]:
    """What is read: the format, each request without what is null or 0, the rejected lines, and the other records."""
    reader = Reader(Wishes(constants=GIVEN.get(sample.parent.name, {})), ALL)
    read = [reader.read(partition) for partition in partitions(Source(str(sample)), size)]
    assert reader.layout
    return {
        "format": reader.layout.format,
        "requests": [
            {name: value for name, value in row.items() if value not in (None, 0)}
            for requests in read
            if requests.frame is not None
            for row in requests.frame.iter_rows(named=True)
        ],
        "rejected": [f"{reject.line}: {reject.reason}" for requests in read for reject in requests.rejects],
        "others": sum(requests.others for requests in read),
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.parent.name}-{sample.name}")
def test_a_log_is_read_as_its_format_says(sample: Path) -> None:
    found = json.dumps(requests_in(sample, 16 << 20), default=str, indent=1, ensure_ascii=False) + "\n"

    name = f"{sample.stem.removeprefix('sample')}{sample.suffix}".replace(".", "-").strip("-")
    assert found == external_file(f"{sample.parent.name}/expected-{name}.txt")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.parent.name}-{sample.name}")
def test_a_log_reads_the_same_in_small_partitions(sample: Path) -> None:
    assert requests_in(sample, 64) == requests_in(sample, 16 << 20)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.parent.name}-{sample.name}")
def test_a_log_is_recognised_as_the_format_its_folder_is_named_after(sample: Path) -> None:
    assert requests_in(sample, 16 << 20)["format"] == sample.parent.name


@pytest.mark.parametrize(
    "sample",
    [sample for sample in FOUND if sample.parent.name in REFUSED],
    ids=lambda sample: f"{sample.parent.name}-{sample.name}",
)
def test_a_log_without_requests_is_refused_in_the_words_of_its_format(sample: Path) -> None:
    with pytest.raises(FormatError) as caught:
        requests_in(sample, 16 << 20)

    refusal = next(each.refusal for each in FORMATS if each.name == sample.parent.name)
    assert refusal
    assert (caught.value.message, caught.value.hint) == (f"`{sample}` is {refusal.what}", refusal.instead)


@pytest.mark.parametrize("container", ["one array", "objects over several lines", "packed"])
@pytest.mark.parametrize(
    "sample",
    [sample for sample in SAMPLES if sample.name == "sample.jsonl"],
    ids=lambda sample: sample.parent.name,
)
def test_a_log_reads_the_same_whatever_holds_its_lines(sample: Path, container: str, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in sample.read_text(encoding="utf-8").splitlines() if line.strip()]
    texts = {
        "one array": json.dumps(lines),
        "objects over several lines": "\n".join(json.dumps(line, indent=2) for line in lines),
        "packed": sample.read_text(encoding="utf-8"),
    }
    folder = tmp_path / sample.parent.name
    folder.mkdir()
    copy = folder / ("log.jsonl.gz" if container == "packed" else "log.json")
    data = texts[container].encode()
    copy.write_bytes(gzip.compress(data) if container == "packed" else data)

    expected, found = requests_in(sample, 16 << 20), requests_in(copy, 16 << 20)

    assert (found["format"], found["requests"], found["others"]) == (
        expected["format"],
        expected["requests"],
        expected["others"],
    )


def test_every_format_has_a_sample() -> None:
    assert {sample.parent.name for sample in FOUND} == {each.name for each in FORMATS} - {GENERIC.name}
