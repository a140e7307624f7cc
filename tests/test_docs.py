import re
from pathlib import Path

import pytest

from costopt.intake.formats.catalogue import FORMATS, GROUP
from costopt.intake.formats.detect import fields_of
from costopt.intake.formats.format import Format
from costopt.intake.formats.private import FORMAT_KEYS, load_format
from costopt.intake.where import parse_where
from costopt.models.schema import REQUIRED
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


# Log formats

FORMATS_PAGE = (DOCS / "formats.md").read_text(encoding="utf-8")
FORMAT_EXAMPLES = [
    text for text in re.findall(r"```toml\n(.*?)```", FORMATS_PAGE, re.DOTALL) if "[columns]" in text
]


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
def test_every_log_format_is_documented(name: str) -> None:
    assert f"\n| `{name}` | " in FORMATS_PAGE


def test_a_format_of_ones_own_is_documented_by_example(tmp_path: Path) -> None:
    (example,) = FORMAT_EXAMPLES
    (tmp_path / "gateway.toml").write_text(example, encoding="utf-8")

    assert load_format(tmp_path / "gateway.toml").roots == (("data",),)


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


def test_every_document_is_linked_from_the_readme() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")

    assert [file.name for file in DOCS.glob("*.md") if f"docs/{file.name}" not in readme] == []
