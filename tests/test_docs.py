import re
from pathlib import Path

import pytest

from costopt.intake.where import parse_where
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
