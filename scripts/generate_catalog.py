"""Write `pricing.toml` from installed price lists: `python scripts/generate_catalog.py [OUT]`.

genai-prices comes first. What it lacks is taken from tokencostauto, which keeps LiteLLM's list with the models that
were removed from it (`pip install --no-deps tokencostauto==0.1.717`). Where the two disagree, genai-prices stands, and
the disagreement is told. `scripts/corrections.toml` goes over the first list before that. The same packages give the same bytes.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from costopt.pricing.catalog import Model, load_catalog
from costopt.pricing.entries import Catalog, Layer
from costopt.pricing.layers import stack
from costopt.pricing.sources import read_price_list
from costopt.pricing.sync import Plan, Wishes, plan
from costopt.pricing.writing import head_text, model_text, provider_text

ROOT = Path(__file__).parents[1]
CORRECTIONS = Path(__file__).with_name("corrections.toml")
TOKENIZERS = {
    "o200k_base": (
        "gpt-4o",
        "gpt-4.1",
        "gpt-4.5",
        "gpt-5",
        "o1",
        "o3",
        "o4",
        "chatgpt-4o",
        "ft:gpt-4o",
        "ft:gpt-4.1",
    ),
    "cl100k_base": (
        "gpt-4",
        "gpt-3.5-turbo",
        "gpt-35-turbo",
        "text-embedding-",
        "ft:gpt-3.5-turbo",
        "ft:gpt-4-",
    ),
}
"""The vocabularies that tiktoken names for models, the first that fits."""


def main(arguments: Sequence[str]) -> None:
    """Write the catalog, and to stderr what was added, what was left alone, and what was left out."""
    out = Path(arguments[0]) if arguments else ROOT / "pricing.toml"
    first, second = read_price_list("genai-prices"), read_price_list("tokencostauto")
    day = first.layer.date
    if day is None:
        raise SystemExit(f"not known when {first.layer.source} was published")
    base = stack([corrected(first.layer)])
    todo = plan(base, second.layer, Wishes(effective=day))
    text = "\n".join(catalog_blocks(merged(base, todo)))
    out.write_text(text, encoding="utf-8", newline="\n")
    print(f"{out}: {text.count('[[model]]')} models, {len(text.encode()):,} bytes", file=sys.stderr)
    for (kind, reason), times in Counter((step.kind, step.reason) for step in todo.steps).items():
        print(f"{kind}: {reason}: {times}", file=sys.stderr)
    for price_list in (first, second):
        for what, times in sorted(price_list.left_out.items()):
            print(f"{price_list.layer.source} left out: {what}: {times}", file=sys.stderr)


def merged(base: Catalog, todo: Plan) -> Layer:
    """The first list after the plan, as one layer."""
    (layer,) = base.layers
    models = {(model.provider, model.id): model for model in base.models} | dict(todo.models)
    new = [provider for provider in todo.providers if provider.id not in base.providers]
    return replace(layer, providers=(*base.providers.values(), *new), models=tuple(models.values()))


def corrected(layer: Layer) -> Layer:
    """The layer with the names that our corrections give in the place of the list's."""
    names = {model.name: model.match for model in load_catalog(CORRECTIONS).layers[0].models}
    models = (replace(model, match=names.get(model.name, model.match)) for model in layer.models)
    return replace(layer, models=tuple(models))


def catalog_blocks(layer: Layer) -> Iterator[str]:
    """The file, entry by entry; the source of most models stands at its top."""
    yield "# Written by scripts/generate_catalog.py; changes made here are lost."
    yield head_text(layer)
    for provider in layer.providers:
        yield provider_text(provider)
    for model in sorted(layer.models, key=lambda model: model.provider):
        yield model_text(shortened(model, layer.source))


def shortened(model: Model, usual: str) -> Model:
    """A model without the source that the file names, without licences, and with its tokenizer."""
    rows = tuple(
        replace(row, sources={mode: brief(source) for mode, source in row.sources.items()})
        for row in model.prices
    )
    source = "" if model.source == usual else brief(model.source)
    return replace(model, source=source, prices=rows, tokenizer=tokenizer_of(model))


def tokenizer_of(model: Model) -> str:
    """What counts the tokens of OpenAI's models, by the beginnings of their names."""
    if model.provider not in ("openai", "azure"):
        return ""
    known = (name for name, starts in TOKENIZERS.items() if model.id.lower().startswith(starts))
    return next(known, "")


def brief(source: str) -> str:
    """Name and version alone."""
    return source.partition(" (")[0]


if __name__ == "__main__":
    main(sys.argv[1:])
