"""Learns a router from labelled prompts, and checks it on prompts that it has not learned from.

Every request is scored by a fit without it: the requests are cut into five parts, and each part is scored by a router
fitted to the other four. Requests that are not independent (prompts that are the same or alike, turns of one session)
stay in one part. No setting is chosen on these labels, so that the check is their only use.

Where each request has the answer of one model only, the other's is estimated: the fits' expectation, corrected by the
answer at hand over the propensity with which it was chosen (doubly robust: J. M. Robins and A. Rotnitzky 1995; with
cross-fitting, V. Chernozhukov et al. 2018, The Econometrics Journal 21). That is right on average if the propensities
are, whatever the fits are worth.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from costopt.calculators.routing.complexity import LEVELS, complexity_key
from costopt.calculators.routing.curve import Advantage, Recovery, compare_routers, measure_recovery
from costopt.calculators.routing.fitting import fit_router, need_sklearn
from costopt.calculators.routing.gate import NEEDED, UNKNOWN_CHOICE, Grounds, RouterCheck, decide
from costopt.calculators.routing.likeness import group_alike
from costopt.calculators.routing.router import Router, Seen, see
from costopt.errors import ConfigError

PARTS: Final = 5
"""Parts that the requests are cut into."""

CUT_AGAIN: Final = 4000
"""Few requests are cut several times, and their ranks averaged: as often as this holds them, at most `CUTS` times."""

CUTS: Final = 3
"""More would hardly steady the figures further."""

MOST: Final = 20_000
"""Of more labels than this a sample is used: more would take minutes, and teach little."""

CERTAIN: Final = 0.99
"""Above this propensity the other models were not really possible, and the request says nothing of them."""

_LEAST_PROPENSITY: Final = 0.05
"""Where propensities are guessed: a smaller one would let few requests speak for all."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The check, and the router fitted to all labels; None unless the check lets it through."""

    check: RouterCheck
    router: Router | None


@dataclass(frozen=True, slots=True)
class _Labels:
    """Prompts with the quality of either model's answer, null where not known, and what belongs together."""

    frame: pl.DataFrame
    seen: Seen
    weak: pl.Series
    strong: pl.Series
    groups: pl.Series
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Scored:
    """Per request, by fits without it: rank for the strong model, and the likely quality of both."""

    rank: pl.Series
    weak: pl.Series
    strong: pl.Series


def learn_from_pairs(labels: pl.DataFrame, *, by: Sequence[str] = (), seed: int = 0) -> Learned:
    """Learns from prompts that both models have answered.

    Args:
        labels: `prompt`; `weak` and `strong`, the quality of each model's answer, 0 to 1; the columns `by`; and, where
            there are any, `session` and what the complexity rule reads. Rows without a prompt or a quality are left out.
        by: Categories to learn from: `request_type`, `tag`, `endpoint`, ...
        seed: Of the cuts.

    Raises:
        ConfigError: scikit-learn is not installed, a column is missing, or a quality is not from 0 to 1.
    """
    need_sklearn()
    _require(labels, ("prompt", "weak", "strong", *by))
    _within(labels, ("weak", "strong"))
    usable = labels.drop_nulls(["prompt", "weak", "strong"])
    known = _labels(_sample(usable, seed), pl.col("weak"), pl.col("strong"), by)
    grounds = Grounds("measured", left_out=labels.height - usable.height)
    few = _too_few(known)
    if few:
        return _refused(known, few, grounds)
    scored = _out_of_sample(known, seed)
    return _checked(known, scored.rank, (known.weak, known.strong), grounds)


def learn_from_log(
    log: pl.DataFrame, *, weak: str, strong: str, by: Sequence[str] = (), seed: int = 0
) -> Learned:
    """Learns from requests that one model each has answered.

    Without propensities the figures assume that the choice of the model hides nothing about the requests, and no router
    is let through.

    Args:
        log: `prompt`, `model`, `quality` (0 to 1), the columns `by`, and where there are any `propensity` (of the model
            that was chosen), `session` and what the complexity rule reads. Requests of third models belong to it too.
        weak: The name of the weak model in the log.
        strong: The name of the strong one.
        by: Categories to learn from.
        seed: Of the cuts.

    Raises:
        ConfigError: as `learn_from_pairs`, or a propensity is not above 0 and at most 1.
    """
    need_sklearn()
    _require(log, ("prompt", "model", "quality", *by))
    _within(log, ("quality", "propensity"))
    usable = log.drop_nulls(["prompt", "quality"])
    given = "propensity" in usable.columns and usable["propensity"].null_count() == 0
    if given:
        usable = usable.filter(pl.col("propensity") <= CERTAIN)
    grounds = Grounds("estimated", None if given else UNKNOWN_CHOICE, log.height - usable.height)
    usable = _sample(usable, seed)
    served = usable["model"].cast(pl.String)
    on_weak, on_strong = (pl.when(served == name).then(pl.col("quality")) for name in (weak, strong))
    known = _labels(usable, on_weak, on_strong, by)
    few = _too_few(known)
    if few:
        return _refused(known, few, grounds)
    scored = _out_of_sample(known, seed)
    chance = usable["propensity"].cast(pl.Float64) if given else _guessed_propensity(known, seed)
    outcomes = _corrected(scored.weak, known.weak, chance), _corrected(scored.strong, known.strong, chance)
    return _checked(known, scored.rank, outcomes, grounds)


def _require(frame: pl.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if name not in frame.columns:
            raise ConfigError(
                f"The labels have no column `{name}`", hint=f"columns are {', '.join(frame.columns)}"
            )


def _within(frame: pl.DataFrame, names: Sequence[str]) -> None:
    """Raises ConfigError unless these columns, where there are any, are from 0 to 1; a propensity is above 0."""
    for name in names:
        values = (
            frame[name].cast(pl.Float64).drop_nulls()
            if name in frame.columns
            else pl.Series([], dtype=pl.Float64)
        )
        if not (values.is_between(0, 1) & (values > 0 if name == "propensity" else values >= 0)).all():
            raise ConfigError(f"`{name}` is not always from 0 to 1", hint="scale it, or leave such rows out")


def _sample(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    if frame.height <= MOST:
        return frame
    return frame.sort("prompt", maintain_order=True).sample(MOST, seed=seed)


def _labels(frame: pl.DataFrame, weak: pl.Expr, strong: pl.Expr, by: Sequence[str]) -> _Labels:
    session = [pl.col("session").cast(pl.String)] if "session" in frame.columns else []
    columns = frame.select(
        weak=weak.cast(pl.Float64),
        strong=strong.cast(pl.Float64),
        group=pl.coalesce(*session, pl.col("prompt")),
    )
    seen = see(frame, tuple(by))
    groups = group_alike(seen.counts, columns["group"])
    return _Labels(frame, seen, columns["weak"], columns["strong"], groups, tuple(by))


def _too_few(known: _Labels) -> str | None:
    independent = known.groups.n_unique()
    if independent < NEEDED:
        return f"{independent} independent labelled requests, {NEEDED} are needed to learn from"
    for name, quality in (("weak", known.weak), ("strong", known.strong)):
        if quality.count() < NEEDED / 2:
            return f"{quality.count()} labelled answers of the {name} model, {NEEDED // 2} are needed to learn from"
    return None


def _refused(known: _Labels, reason: str, grounds: Grounds) -> Learned:
    none = Recovery(
        labels=known.frame.height,
        independent=known.groups.n_unique(),
        weak_quality=None,
        strong_quality=None,
        reason=reason,
    )
    return Learned(decide(none, none, Advantage(reason=reason), grounds), None)


def _checked(
    known: _Labels, rank: pl.Series, outcomes: tuple[pl.Series, pl.Series], grounds: Grounds
) -> Learned:
    """The check on what either model would have been worth; the router only if it may be used."""
    rule = _rule(known.frame)
    by_rule = measure_recovery(rule, *outcomes, known.groups)
    by_learning = measure_recovery(rank, *outcomes, known.groups, crossed=True)
    advantage = compare_routers((rank, rule), *outcomes, known.groups, crossed=True)
    check = decide(by_rule, by_learning, advantage, grounds)
    if check.choose != "learned":
        return Learned(check, None)
    return Learned(check, fit_router(known.seen, known.weak, known.strong, known.by))


def _rule(frame: pl.DataFrame) -> pl.Series:
    """The complexity level as a score; where nothing is known it is the middle one."""
    key = complexity_key(with_prompt=True)
    whole = frame.with_columns(pl.lit(None).alias(name) for name in key.reads if name not in frame.columns)
    scores = {level: float(place) for place, level in enumerate(LEVELS)}
    return whole.select(key.value.replace_strict(scores, return_dtype=pl.Float64)).to_series().fill_null(1.0)


def _out_of_sample(known: _Labels, seed: int) -> _Scored:
    """Each request scored by fits without its part; the mean over all cuts."""
    cuts = max(1, min(CUTS, CUT_AGAIN // known.frame.height))
    each = pl.concat(_cut(known, f"{seed}/{cut}") for cut in range(cuts))
    mean = each.group_by("row").agg(pl.all().mean().round(9)).sort("row")
    return _Scored(mean["rank"], mean["weak"], mean["strong"])


def _cut(known: _Labels, seed: str) -> pl.DataFrame:
    """Per `row` its rank among its part, 0 to 1, and the likely quality of both models."""
    place = _places(known.groups, seed)
    scored = []
    for part in range(PARTS):
        held, rest = (place == part).arg_true(), (place != part).arg_true()
        router = fit_router(
            known.seen.only(rest), known.weak.gather(rest), known.strong.gather(rest), known.by
        )
        expected = router.expect(known.seen.only(held))
        rank = (pl.col("score").rank("average") - 0.5) / len(held)
        scored.append(expected.select("weak", "strong", row=held, rank=rank))
    return pl.concat(scored)


def _places(groups: pl.Series, seed: str) -> pl.Series:
    """The part of each request, that of its group; parts hold as many groups each, to one."""
    names = groups.unique().sort()
    places = [number % PARTS for number in range(len(names))]
    random.Random(seed).shuffle(places)  # noqa: S311 - to be had again, not to be secret
    return groups.replace_strict(names, places, return_dtype=pl.Int64)


def _corrected(likely: pl.Series, quality: pl.Series, propensity: pl.Series) -> pl.Series:
    """What the model's answer would have been worth: as expected, and where it is known, corrected by it."""
    missed = ((quality - likely) / propensity).fill_null(0.0)
    return likely + missed


def _guessed_propensity(known: _Labels, seed: int) -> pl.Series:
    """With what propensity the model was chosen that was, going by what else was sent to it."""
    chosen = replace(
        known,
        weak=known.weak.is_not_null().cast(pl.Float64),
        strong=known.strong.is_not_null().cast(pl.Float64),
    )
    guess = _out_of_sample(chosen, seed)
    own = pl.DataFrame({"weak": guess.weak, "strong": guess.strong, "is_weak": chosen.weak})
    return (
        own.select(pl.when(pl.col("is_weak") == 1).then("weak").otherwise("strong"))
        .to_series()
        .clip(_LEAST_PROPENSITY)
    )
