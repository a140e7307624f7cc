import re
from pathlib import Path

import pytest

from costopt.pricing.catalog import load_layers, shipped
from costopt.pricing.contracts import ADJUST_KEYS
from costopt.pricing.parsing import MATCH_KEYS, MODEL_KEYS, PROVIDER_KEYS, TOP_KEYS
from costopt.pricing.rows import ROW_KEYS

DOCS = Path(__file__).parents[1] / "docs"
CATALOG = (DOCS / "catalog.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", CATALOG, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_catalog_is_a_catalog_file(number: int, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(EXAMPLES[number], encoding="utf-8")

    assert len(load_layers([shipped(), file]).layers) == 2


@pytest.mark.parametrize(
    "key", sorted({*TOP_KEYS, *PROVIDER_KEYS, *MODEL_KEYS, *ADJUST_KEYS, *ROW_KEYS, *MATCH_KEYS})
)
def test_every_key_of_a_catalog_is_documented(key: str) -> None:
    assert re.search(rf"\b{key}\b", CATALOG)
