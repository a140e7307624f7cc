"""What a learned router expects of two models' answers to one request."""

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

import polars as pl
from pydantic import ValidationError

from costopt.calculators.routing.features import looks
from costopt.calculators.routing.policy import Policy, Tiers
from costopt.calculators.routing.policy_file import check_models, find_model
from costopt.calculators.routing.request import Request
from costopt.calculators.routing.router import Router, see
from costopt.errors import ConfigError
from costopt.models.result import Frozen
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of


@dataclass(frozen=True, slots=True)
class NamedRouter:
    """A learned router with its file, and the models that it was fitted to by the catalog's names."""

    source: str
    router: Router
    weak: str
    strong: str


class Expectation(Frozen):
    """How good two models' answers are likely to be.

    Attributes:
        weak: The weak model.
        strong: The strong one.
        weak_quality: Of its answer, 0 to 1.
        strong_quality: The same of the strong one.
        score: By how much the strong model's is likely to be better, −1 to 1.
        source: The file of the router.
    """

    weak: str
    strong: str
    weak_quality: Decimal
    strong_quality: Decimal
    score: Decimal
    source: str

    @property
    def qualities(self) -> dict[str, Decimal]:
        """By model."""
        return {self.weak: self.weak_quality, self.strong: self.strong_quality}


def read_router(
    content: str, label: str, models: tuple[str | None, str | None], catalog: Catalog
) -> NamedRouter:
    """A learned router.

    Args:
        content: The JSON of a `Router`.
        label: What to call the file in messages.
        models: The weak and the strong model that it was fitted to, by any names that the catalog understands; None for
            the one that it names itself.
        catalog: Whose names they get.

    Raises:
        ConfigError: It is something else, the catalog does not know a model, both are the same, or it names none.
    """
    try:
        router = Router.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _refused(label, f"`{place}`: {first['msg']}" if place else first["msg"]) from error
    if not _is_whole(router):
        raise _refused(label, "its weights are not those of what a router sees")
    weak, strong = (
        _name(model or own, option, catalog)
        for model, own, option in zip(
            models, router.models or (None, None), ("--weak", "--strong"), strict=True
        )
    )
    if weak == strong:
        raise ConfigError(
            f"`--weak` and `--strong` are both `{weak}`", hint="name the two models that it was fitted to"
        )
    return NamedRouter(label, router, weak, strong)


def _refused(label: str, why: str) -> ConfigError:
    return ConfigError(
        f"`{label}` is not a learned router: {why}", hint="it is the JSON of a `Router`, as it was fitted"
    )


def _is_whole(router: Router) -> bool:
    """Whether it has a weight for all that it looks at, and looks at what is looked at today."""
    sizes = (len(router.terms), len(router.looks), len(router.categories))
    fitted = [
        (len(side.terms), len(side.looks), len(side.categories)) for side in (router.weak, router.strong)
    ]
    measured = [(len(router.idf), len(each)) for each in (router.means, router.deviations)]
    today = tuple(looks(pl.Series([""])).columns)
    return router.looks == today and all(each == sizes for each in fitted) and measured == [sizes[:2]] * 2


def _name(model: str | None, option: str, catalog: Catalog) -> str:
    if model is None:
        raise ConfigError(
            "The router does not name the models that it was fitted to",
            hint="name them: `--weak MODEL --strong MODEL`",
        )
    check_models(Policy(name=option, tiers=Tiers(premium=(model,))), catalog)
    number = find_model(catalog, model)
    assert number is not None  # noqa: S101 - just checked
    return model_of(catalog, number).name


def expect(named: NamedRouter, request: Request) -> Expectation | None:
    """What the router expects; None of a request whose prompt is not known.

    Raises:
        ConfigError: Its weights make no probabilities.
    """
    if request.prompt is None:
        return None
    said = {name: value for name, value in request.model_dump().items() if isinstance(value, str)}
    known = {name: said.get(name) for name in named.router.by}
    one = pl.DataFrame(
        {"prompt": request.prompt.text, **known},
        schema={"prompt": pl.String, **dict.fromkeys(known, pl.String)},
    )
    weak, strong, score = named.router.expect(see(one, named.router.by)).row(0)
    if not all(map(isfinite, (weak, strong, score))):
        raise _refused(named.source, "its weights make no probability")
    return Expectation(
        weak=named.weak,
        strong=named.strong,
        weak_quality=_rounded(weak),
        strong_quality=_rounded(strong),
        score=_rounded(score),
        source=named.source,
    )


def _rounded(value: float) -> Decimal:
    return Decimal(f"{value:.4f}")
