from decimal import Decimal

import polars as pl
import pytest

from costopt.calculators.routing.expectation import Expectation, NamedRouter, expect, read_router
from costopt.calculators.routing.features import looks
from costopt.calculators.routing.request import Request, read_request
from costopt.calculators.routing.router import Router, Side
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog

LOOKS = tuple(looks(pl.Series([""])).columns)
MODELS = ("acme-small", "acme-large")


def side(intercept: float = 0.0, term: float = 0.0, category: float = 0.0) -> Side:
    return Side(intercept=intercept, terms=(term,), looks=(0.0,) * len(LOOKS), categories=(category,))


def router(weak: Side, strong: Side, **changed: object) -> Router:
    """It knows the word `prove`, and the request type `chat`."""
    fitted = Router(
        by=("request_type", "shoe_size"),
        terms=("prove",),
        idf=(1.0,),
        looks=LOOKS,
        means=(0.0,) * len(LOOKS),
        deviations=(1.0,) * len(LOOKS),
        categories=(("request_type", "chat"),),
        weak=weak,
        strong=strong,
    )
    return fitted.model_copy(update=changed)


def named(weak: Side, strong: Side) -> NamedRouter:
    return NamedRouter("router.json", router(weak, strong), "acme/acme-small", "acme/acme-large")


def test_what_is_asked_decides_how_good_both_answers_are_likely_to_be() -> None:
    fitted = named(side(term=-2.0), side(intercept=1.0))

    hard, easy = (expect(fitted, read_request(text)) for text in ("Prove it!", "Say hello"))

    assert hard == Expectation(
        weak="acme/acme-small",
        strong="acme/acme-large",
        weak_quality=Decimal("0.1192"),
        strong_quality=Decimal("0.7311"),
        score=Decimal("0.6119"),
        source="router.json",
    )
    assert easy is not None
    assert easy.qualities == {"acme/acme-small": Decimal("0.5000"), "acme/acme-large": Decimal("0.7311")}


def test_categories_count_where_the_request_tells_them() -> None:
    fitted = named(side(category=5.0), side())

    told, untold = (
        expect(fitted, Request(prompt=read_request("Hello").prompt, request_type=kind))
        for kind in ("chat", None)
    )

    assert told is not None
    assert untold is not None
    assert told.weak_quality > untold.weak_quality == Decimal("0.5000")


def test_nothing_is_expected_of_a_prompt_that_is_not_known() -> None:
    assert expect(named(side(), side()), Request(counts={"input_tokens": 5})) is None


def test_weights_beyond_all_measure_are_refused() -> None:
    fitted = named(side(intercept=float("nan")), side())

    with pytest.raises(ConfigError, match="its weights make no probability"):
        expect(fitted, read_request("Hello"))


# Files


def test_a_router_is_read_as_it_was_written_and_its_models_get_the_names_of_the_catalog(
    catalog: Catalog,
) -> None:
    fitted = router(side(), side(1.0))

    read = read_router(fitted.model_dump_json(), "router.json", MODELS, catalog)

    assert read == NamedRouter("router.json", fitted, "acme/acme-small", "acme/acme-large")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("nonsense", "Invalid JSON: expected ident at line 1 column 2"),
        ("{}", "`by`: Field required"),
        (router(side(), side(), idf=()).model_dump_json(), "its weights are not those of what a router sees"),
        (
            router(side(), side(), looks=("tall",)).model_dump_json(),
            "its weights are not those of what a router sees",
        ),
        (
            router(side(), side(), categories=()).model_dump_json(),
            "its weights are not those of what a router sees",
        ),
    ],
)
def test_what_is_no_router_is_refused_with_the_reason(catalog: Catalog, content: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_router(content, "router.json", MODELS, catalog)

    assert caught.value.message == f"`router.json` is not a learned router: {why}"


def test_a_router_may_name_its_models_itself(catalog: Catalog) -> None:
    content = router(side(), side(), models=MODELS).model_dump_json()

    own = read_router(content, "router.json", (None, None), catalog)
    other = read_router(content, "router.json", MODELS[::-1], catalog)

    assert (own.weak, own.strong) == ("acme/acme-small", "acme/acme-large")
    assert (other.weak, other.strong) == ("acme/acme-large", "acme/acme-small")


@pytest.mark.parametrize("models", [(None, None), ("acme-small", None)])
def test_a_router_without_the_names_of_its_models_needs_them(
    catalog: Catalog, models: tuple[str | None, str | None]
) -> None:
    with pytest.raises(ConfigError, match="does not name the models"):
        read_router(router(side(), side()).model_dump_json(), "router.json", models, catalog)


def test_its_models_are_two_that_the_catalog_knows(catalog: Catalog) -> None:
    content = router(side(), side()).model_dump_json()

    with pytest.raises(ConfigError, match=r"`--strong`: the catalog has no model `acme-huge`"):
        read_router(content, "router.json", ("acme-small", "acme-huge"), catalog)
    with pytest.raises(ConfigError, match=r"`--weak` and `--strong` are both `acme/acme-small`"):
        read_router(content, "router.json", ("acme-small", "acme/acme-small"), catalog)
