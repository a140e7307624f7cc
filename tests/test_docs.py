import json
import re
from pathlib import Path

import pytest

from costopt.intake.formats.catalogue import FORMATS
from costopt.intake.formats.format import Wishes
from costopt.intake.partitions import partitions
from costopt.intake.reading import Reader
from costopt.intake.sources import Source
from costopt.intake.where import parse_where
from costopt.models.schema import REQUESTS
from costopt.pricing.catalog import load_layers, shipped
from costopt.pricing.contracts import ADJUST_KEYS
from costopt.pricing.parsing import MATCH_KEYS, MODEL_KEYS, PROVIDER_KEYS, TOP_KEYS
from costopt.pricing.rows import ROW_KEYS

DOCS = Path(__file__).parents[1] / "docs"
CATALOG = (DOCS / "catalog.md").read_text(encoding="utf-8")
FILTERS = [
    text
    for file in (DOCS / "cli.md", DOCS.parent / "README.md")
    for text in re.findall(
        r"^costopt .* --where '(.*?)'(?: |$)", file.read_text(encoding="utf-8"), re.MULTILINE
    )
]
EXAMPLES = re.findall(r"```toml\n(.*?)```", CATALOG, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_catalog_is_a_catalog_file(number: int, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(EXAMPLES[number], encoding="utf-8")

    assert len(load_layers([shipped(), file]).layers) == 2


@pytest.mark.parametrize("text", FILTERS)
def test_an_example_of_a_filter_is_a_filter(text: str) -> None:
    assert parse_where(text).text == text


@pytest.mark.parametrize(
    "key", sorted({*TOP_KEYS, *PROVIDER_KEYS, *MODEL_KEYS, *ADJUST_KEYS, *ROW_KEYS, *MATCH_KEYS})
)
def test_every_key_of_a_catalog_is_documented(key: str) -> None:
    assert re.search(rf"\b{key}\b", CATALOG)


FORMATS_PAGE = (DOCS / "formats.md").read_text(encoding="utf-8")


def test_every_log_format_is_documented() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", FORMATS_PAGE, re.MULTILINE)

    assert told == [each.name for each in FORMATS]


def test_the_formats_that_merge_lines_of_an_id_are_named() -> None:
    for each in FORMATS:
        if each.repeats == "fuller":
            assert f"`{each.name}`" in FORMATS_PAGE.partition("## Duplicates")[2]


def test_the_example_of_a_format_reads_a_record(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", FORMATS_PAGE, re.DOTALL)
    (tmp_path / "our-gateway.toml").write_text(example, encoding="utf-8")
    call = {
        "type": "call",
        "meta": {"at": "2026-10-01T08:00:00Z", "done": "2026-10-01T08:00:02Z", "first": 0.5},
        "request": {"model": "acme-large"},
        "usage": {"fresh": 100, "cached": 900, "out": 50},
        "labels": [{"key": "region", "value": "eu"}, {"key": "tenant", "value": "globex"}],
    }
    log = tmp_path / "log.jsonl"
    log.write_text(
        json.dumps({"account": {"user": "u1"}, "data": [call, {"type": "ping"}]}), encoding="utf-8"
    )
    reader = Reader(Wishes(format=str(tmp_path / "our-gateway.toml")), tuple(REQUESTS))

    (read,) = [reader.read(partition) for partition in partitions(Source(str(log)))]

    assert read.frame is not None
    (row,) = read.frame.select(
        "model", "provider", "tenant", "user", "input_tokens", "output_tokens", "latency_ms", "ttft_ms"
    ).rows()
    assert row == ("acme-large", "acme", "globex", "u1", 1000, 50, 2000.0, 500.0)
    assert (read.rejects, read.others) == ((), 1)
