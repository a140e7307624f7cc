import json
import re
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from costopt.calculators.gainshare.contract_file import ContractFile, read_contracts
from costopt.calculators.gainshare.contract_terms import BASELINE_KEYS, CONTRACT_KEYS, TIER_KEYS
from costopt.calculators.routing.baselines import NAMED as BASELINES
from costopt.calculators.routing.evidence import QualityBasis
from costopt.calculators.routing.policy import When
from costopt.calculators.routing.policy_file import check_models, read_policy
from costopt.calculators.routing.prior_file import read_prior
from costopt.calculators.routing.ready import READY
from costopt.calculators.routing.traps import TrapName
from costopt.cli import routing_options
from costopt.intake.formats.catalogue import FORMATS, GROUP, MEANINGS
from costopt.intake.formats.detect import fields_of
from costopt.intake.formats.format import Format, Wishes
from costopt.intake.formats.private import FORMAT_KEYS
from costopt.intake.partitions import partitions
from costopt.intake.reading import Reader
from costopt.intake.sources import Source
from costopt.intake.where import parse_where
from costopt.ledger.files import CLOSED, FRONTIER, HEAD, INDEX, LEDGER, TORN
from costopt.ledger.invoices import FOLDER
from costopt.models.schema import REQUESTS, REQUIRED
from costopt.pricing.catalog import load_catalog, load_layers, shipped
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


# Log formats

FORMATS_PAGE = (DOCS / "formats.md").read_text(encoding="utf-8")


def test_every_log_format_is_documented_in_the_order_in_which_a_log_is_held_against_them() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", FORMATS_PAGE.partition("## ")[0], re.MULTILINE)

    assert told == [each.name for each in FORMATS] == list(MEANINGS)


def test_the_formats_that_merge_lines_of_an_id_are_named() -> None:
    for each in FORMATS:
        if each.repeats == "fuller":
            assert f"`{each.name}`" in FORMATS_PAGE.partition("## Duplicates")[2]


def test_the_example_of_a_format_of_ones_own_reads_a_record(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", FORMATS_PAGE, re.DOTALL)
    (tmp_path / "gateway.toml").write_text(examples[0], encoding="utf-8")
    call = {
        "type": "call",
        "meta": {"at": "2026-10-01T08:00:00Z", "done": "2026-10-01T08:00:02Z", "first": 0.5},
        "asked": {"model": "acme-large"},
        "usage": {"fresh": 100, "cached": 900, "steps": [{"out": 40}, {"out": 50}]},
        "attributes": [{"key": "region", "value": "eu"}, {"key": "job.name", "value": "nightly"}],
        "user.id": "u1",
        "http": {"status": 200},
        "cents": 12.5,
    }
    log = tmp_path / "log.jsonl"
    log.write_text(
        json.dumps({"account": {"name": "globex"}, "data": [call, {"type": "ping"}]}), encoding="utf-8"
    )
    reader = Reader(Wishes(format=str(tmp_path / "gateway.toml")), tuple(REQUESTS))

    (read,) = [reader.read(partition) for partition in partitions(Source(str(log)))]

    assert (read.rejects, read.others) == ((), 1)
    assert read.frame is not None
    assert read.frame.drop("timestamp").to_dicts() == [
        {
            "model": "acme-large",
            "provider": "acme",
            "input_tokens": 1000,
            "cached_input_tokens": 900,
            "output_tokens": 50,
            "tag": "nightly",
            "tenant": "globex",
            "user": "u1",
            "status": "ok",
            "cost_usd": Decimal("0.125"),
            "latency_ms": 2000.0,
            "ttft_ms": 500.0,
        }
    ]


@pytest.mark.parametrize("key", FORMAT_KEYS)
def test_every_key_of_a_format_is_documented(key: str) -> None:
    assert f"\n| `{key}` | " in FORMATS_PAGE


def test_a_format_in_a_package_is_documented_by_example() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", FORMATS_PAGE, re.DOTALL)
    namespace: dict[str, object] = {}
    exec(example, namespace)  # noqa: S102 - it is our own text
    record = {"id": "a", "meta": {"at": 1}, "answer": {"model": "m"}, "usage": {"fresh": 1, "out": 2}}

    gateway = namespace["GATEWAY"]

    assert isinstance(gateway, Format)
    assert gateway.sniff(fields_of([record]))
    assert {*REQUIRED} <= gateway.columns({}).keys()
    assert GROUP in FORMATS_PAGE


# Routing

ROUTING = (DOCS / "routing.md").read_text(encoding="utf-8")
ROUTING_FILES = re.findall(r"```toml\n(.*?)```", ROUTING, re.DOTALL)


@pytest.mark.parametrize("number", range(len(ROUTING_FILES)))
def test_an_example_of_a_policy_or_a_prior_is_one(number: int) -> None:
    content, catalog = ROUTING_FILES[number], load_catalog()

    if "[quality]" in content:
        assert read_prior(content, "prior.toml", catalog).qualities
    else:
        check_models(read_policy(content, "router.toml"), catalog, content=content, label="router.toml")


def test_the_examples_of_routing_are_both_of_policies_and_of_priors() -> None:
    assert {"[quality]" in content for content in ROUTING_FILES} == {True, False}


@pytest.mark.parametrize(
    "name", [*READY, *BASELINES, *get_args(TrapName), *get_args(QualityBasis), *When.model_fields]
)
def test_every_name_of_routing_is_documented(name: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(name).replace('_', '[_ ]')}(?![\w-])", ROUTING)


@pytest.mark.parametrize("option", ["Policies", "OnePolicy"])
def test_the_help_names_every_ready_made_policy(option: str) -> None:
    (about,) = getattr(routing_options, option).__metadata__

    assert [name for name in READY if name not in about.help] == []


# Gain-sharing

GAINSHARE = (DOCS / "gainshare.md").read_text(encoding="utf-8")
CONTRACTS = re.findall(r"```toml\n(.*?)```", GAINSHARE, re.DOTALL)


def test_the_examples_of_contracts_are_files_of_contracts_and_the_last_has_nearly_every_key() -> None:
    files = [ContractFile("contracts.toml", content.encode()) for content in CONTRACTS]

    assert [len(read_contracts([file])) for file in files] == [1, 2]
    written = {*re.findall(r"^(\w+) = ", CONTRACTS[-1], re.MULTILINE)}
    told = {*CONTRACT_KEYS, *TIER_KEYS, *BASELINE_KEYS, "schema"}
    assert told - written == {"tier"}


@pytest.mark.parametrize("key", [*CONTRACT_KEYS, *TIER_KEYS, *BASELINE_KEYS])
def test_every_key_of_a_contract_is_documented(key: str) -> None:
    assert f"`{key}`" in GAINSHARE.partition("| key |")[2]


@pytest.mark.parametrize("name", [LEDGER, FRONTIER, CLOSED, f"{FOLDER}/", HEAD, INDEX, TORN])
def test_every_file_of_the_state_is_documented(name: str) -> None:
    assert f"`{name}`" in GAINSHARE


def test_the_example_in_python_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (script,) = re.findall(r"```python\n(from costopt.*?)```", GAINSHARE, re.DOTALL)

    exec(script, {})  # noqa: S102 - it is ours

    assert capsys.readouterr().out.strip() == script.rpartition("# ")[2].strip()


def test_every_document_is_linked_from_the_readme() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")

    assert [file.name for file in DOCS.glob("*.md") if f"docs/{file.name}" not in readme] == []
