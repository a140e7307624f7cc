"""Whether routers recover what they are said to on public answers of a weak and a strong model, and never less than lots.

Needs scikit-learn. Settings of the learned router were chosen on the prompts of which a hash is even; figures with a
bound are also taken on the others alone (`fresh`).
"""

import argparse
import gzip
import hashlib
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from costopt.calculators.routing.complexity import LEVELS, complexity_key
from costopt.calculators.routing.curve import RANDOM, Interval, Recovery, measure_recovery
from costopt.calculators.routing.fitting import fit_router
from costopt.calculators.routing.gate import Choice
from costopt.calculators.routing.learning import Learned, learn_from_log, learn_from_pairs
from costopt.calculators.routing.router import see

_LABELS: Final = 1500
_DRAWS: Final = 5
_SEEDS: Final = 8
_MMLU_APGR: Final = 0.62
_MMLU_CPT50: Final = 0.35
_LLMROUTER_APGR: Final = 0.70
_MICROSECONDS: Final = 50
_SYSTEM: Final = "You are a helpful assistant. " * 50
_FEW: Final = 200
_MANY: Final = 800
_LARGE: Final = 300
_LONG: Final = 300
_GPT_4: Final = "gpt-4-1106-preview"
_BENCH: Final = ("arc_challenge", "mbpp", "winograde")


@dataclass(frozen=True)
class Pairs:
    """Prompts with the quality of both models, and the column that is a category, if any."""

    name: str
    frame: pl.DataFrame
    by: tuple[str, ...] = ()


def main() -> None:
    """Prints three tables and a speed, and exits with 1 if a bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder that holds routellm, llmrouter, ..."
    )
    folder = parser.parse_args().data
    real = list(_read(folder))
    kept = [_speed(real), _table(real), _few_labels(real[0]), _safety(real)]
    sys.exit(not all(kept))


def _read(folder: Path) -> Iterator[Pairs]:
    yield Pairs("MMLU", _csv(folder / "routellm" / "mmlu.csv.gz").rename(_ROUTELLM), ("domain",))
    yield Pairs("GSM8K", _csv(folder / "routellm" / "gsm8k.csv.gz").rename(_ROUTELLM))
    yield Pairs("llmrouter", _llmrouter(folder / "llmrouter" / "train.json.gz"), ("cluster",))
    yield Pairs("RouterArena", _arena(_csv(folder / "routerarena" / "pair_dev.csv.gz")), ("task",))
    bench = [_csv(folder / "routerbench" / f"{name}_train.csv.gz") for name in _BENCH]
    for name, weak in (("gpt-3.5", "gpt-3.5-turbo-1106"), ("mixtral", "mistralai/mixtral-8x7b-chat")):
        yield Pairs(f"RouterBench {name}", pl.concat(_bench(part, weak) for part in bench))
        for part_name, part in zip(_BENCH, bench, strict=True):
            yield Pairs(f"{part_name} {name}", _bench(part, weak))


_ROUTELLM: Final = {"weak_correct": "weak", "strong_correct": "strong"}


def _csv(path: Path) -> pl.DataFrame:
    return pl.read_csv(_present(path), infer_schema_length=None)


def _present(path: Path) -> Path:
    if not path.exists():
        sys.exit(f"{path} is missing: get the public set that benchmarks/README.md names")
    return path


def _bench(part: pl.DataFrame, weak: str) -> pl.DataFrame:
    return part.select("prompt", weak=weak, strong=_GPT_4).drop_nulls()


def _llmrouter(path: Path) -> pl.DataFrame:
    with gzip.open(_present(path), "rt", encoding="utf-8") as file:
        rows = json.load(file)
    answers = [
        {
            "prompt": row["question"],
            "cluster": str(row["cluster_id"]),
            "weak": float(row["scores"]["mistral-7b-instruct-v0.3"]),
            "strong": float(row["scores"]["llama-3.1-nemotron-51b-instruct"]),
        }
        for row in rows
    ]
    return pl.DataFrame(answers)


def _arena(rows: pl.DataFrame) -> pl.DataFrame:
    """Pairs by prompt; a task is the index without its number."""
    weak, strong = (
        rows.filter(pl.col("model").str.contains(name)).select("global_index", "question", score)
        for name, score in (
            ("haiku", pl.col("score").alias("weak")),
            ("gemini", pl.col("score").alias("strong")),
        )
    )
    both = weak.join(strong.drop("question"), on="global_index", maintain_order="left")
    return both.select(
        "weak", "strong", prompt="question", task=pl.col("global_index").str.replace(r"_\d+$", "")
    )


def _speed(real: list[Pairs]) -> bool:
    """CPU time of the complexity rule, on prompts and on the same as the last message of a chat."""
    plain = pl.concat(pairs.frame.select("prompt") for pairs in real)
    texts = (
        json.dumps([{"role": "system", "content": _SYSTEM}, {"role": "user", "content": text}])
        for text in plain["prompt"]
    )
    spent = []
    for name, frame in (("prompts", plain), ("chats", pl.DataFrame({"prompt": list(texts)}))):
        started = time.process_time()
        _by_rule(frame)
        spent.append((time.process_time() - started) / frame.height * 1e6)
        print(f"complexity of {frame.height} {name}: {spent[-1]:.1f} microseconds each")
    print()
    return max(spent) <= _MICROSECONDS


def _table(real: list[Pairs]) -> bool:
    """Every set checked as it would be in use, with the prompt alone and with its category."""
    print(f"{'set':26} {'labels':>6}  {'rule':20} {'learned':20} CPT50 CPT80  choose")
    kept = True
    for pairs in real:
        for by in {(): None, pairs.by: None}:
            check = learn_from_pairs(pairs.frame, by=by).check
            print(
                f"{pairs.name + (' + ' + by[0] if by else ''):26} {_line(check.learned, check.rule)}  {check.choose}"
            )
        if pairs.name == "llmrouter":
            fresh = learn_from_pairs(_fresh(pairs.frame)).check
            print(f"{'llmrouter, fresh':26} {_line(fresh.learned, fresh.rule)}  {fresh.choose}")
    return kept


def _line(learned: Recovery, rule: Recovery) -> str:
    shares = " ".join(
        f"{share:5.1%}" if share is not None else "    –" for share in (learned.cpt50, learned.cpt80)
    )
    return f"{learned.labels:6}  {_figure(rule):20} {_figure(learned):20} {shares}"


def _figure(recovery: Recovery) -> str:
    if recovery.apgr is None:
        return "no gap"
    return f"{recovery.apgr:.3f} {_ends(recovery.interval)}"


def _ends(interval: Interval | None) -> str:
    return "[no end]" if interval is None else f"[{interval.low:.2f}, {interval.high:.2f}]"


def _fresh(frame: pl.DataFrame) -> pl.DataFrame:
    """The prompts on which no setting was chosen."""
    odd = [
        int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16) % 2 == 1
        for text in frame["prompt"]
    ]
    return frame.filter(pl.Series(odd))


def _few_labels(mmlu: Pairs) -> bool:
    """Fits to 1,500 labels, each measured on all the rest."""
    print(f"\n{_LABELS} labels of MMLU, {_DRAWS} draws     APGR           CPT50  CPT80")
    kept = []
    for name, frame in (("all", mmlu.frame), ("fresh", _fresh(mmlu.frame))):
        for by in ((), mmlu.by):
            found = [_draw(frame, by, seed) for seed in range(_DRAWS)]
            apgr, half, most = zip(
                *((each.apgr or 0, each.cpt50 or 1, each.cpt80 or 1) for each in found), strict=True
            )
            mean, spread = statistics.fmean(apgr), statistics.stdev(apgr)
            shares = f"{statistics.fmean(half):.1%}  {statistics.fmean(most):.1%}"
            print(f"{name + (' + domain' if by else ''):32} {mean:.3f} ± {spread:.3f}  {shares}")
            kept.append(mean >= _MMLU_APGR and statistics.fmean(half) <= _MMLU_CPT50)
    return all(kept)


def _draw(frame: pl.DataFrame, by: tuple[str, ...], seed: int) -> Recovery:
    mixed = frame.sample(fraction=1, shuffle=True, seed=seed)
    train, rest = mixed.head(_LABELS), mixed.slice(_LABELS)
    router = fit_router(see(train, by), train["weak"].cast(pl.Float64), train["strong"].cast(pl.Float64), by)
    return measure_recovery(router.score(rest), rest["weak"], rest["strong"])


@dataclass(frozen=True)
class Trial:
    """Labels to learn from, and requests of the same traffic on which to see what was let through."""

    learn: Callable[[], Learned]
    truth: pl.DataFrame


Case = tuple[str, Callable[[int], Trial]]


_WIDTHS: Final[tuple[tuple[Choice, int], ...]] = (("learned", 8), ("rule", 5), ("none", 8))


def _safety(real: list[Pairs]) -> bool:
    """What is let through on many draws, and how often it is worse than lots on requests that the gate never saw."""
    print(f"\n{'labels':38} runs learned rule refused  true APGR  below .5  interval below .5")
    below = shipped = hopeless = 0
    for name, make in (*_real_cases(real), *_made_cases()):
        trials = [make(seed) for seed in range(_SEEDS)]
        found = [(trial.learn(), trial.truth) for trial in trials]
        choices = [learned.check.choose for learned, _ in found]
        true = [_truth(learned, truth) for learned, truth in found if learned.check.choose != "none"]
        known = [each for each in true if each.apgr is not None]
        under = sum(each.apgr < RANDOM for each in known if each.apgr is not None)
        wholly = sum(each.interval is not None and each.interval.high < RANDOM for each in known)
        mean = f"{sum(each.apgr or 0 for each in known) / len(known):9.3f}" if known else "        –"
        counts = "".join(f"{choices.count(choice):{width}}" for choice, width in _WIDTHS)
        print(f"{name:40} {len(found):4}{counts}  {mean}  {under:8}  {wholly:17}")
        below, shipped, hopeless = below + under, shipped + len(true), hopeless + wholly
    print(
        f"let through {shipped} times, {below} of them below 0.5 on fresh requests, {hopeless} with its interval"
    )
    return hopeless == 0


def _truth(learned: Learned, truth: pl.DataFrame) -> Recovery:
    score = learned.router.score(truth) if learned.router else _by_rule(truth)
    return measure_recovery(score, truth["weak"], truth["strong"])


def _by_rule(frame: pl.DataFrame) -> pl.Series:
    key = complexity_key(with_prompt=True)
    whole = frame.with_columns(pl.lit(None).alias(name) for name in key.reads if name not in frame.columns)
    places = {level: float(place) for place, level in enumerate(LEVELS)}
    return whole.select(key.value.replace_strict(places, return_dtype=pl.Float64)).to_series()


def _real_cases(real: list[Pairs]) -> Iterator[Case]:
    for pairs in real:
        for size in (_FEW, _MANY) if pairs.by else (_MANY,):
            if pairs.frame.height >= size + _FEW:
                yield f"{size} of {pairs.name}", _part_of(pairs, size)
    yield "120 of one domain of MMLU", _one_domain(real[0])
    yield "5,000 of MMLU, one answer each, p known", _log_of(real[0], 5000, known=True)
    yield "1,500 of MMLU, one answer each", _log_of(real[0], 1500, known=False)


def _part_of(pairs: Pairs, size: int) -> Callable[[int], Trial]:
    def trial(seed: int) -> Trial:
        mixed = pairs.frame.sample(fraction=1, shuffle=True, seed=seed)
        return Trial(
            lambda: learn_from_pairs(mixed.head(size), by=pairs.by, seed=seed), mixed.slice(size, 3000)
        )

    return trial


def _one_domain(mmlu: Pairs) -> Callable[[int], Trial]:
    """Another of the large domains for every seed: homogeneous multiple choice, in which there is little to learn."""
    sizes = mmlu.frame.group_by("domain").len().filter(pl.col("len") >= _LARGE).sort("domain")
    parts = [Pairs(name, mmlu.frame.filter(pl.col("domain") == name)) for name in sizes["domain"]]
    return lambda seed: _part_of(parts[seed % len(parts)], 120)(seed)


def _log_of(pairs: Pairs, size: int, *, known: bool) -> Callable[[int], Trial]:
    """Each request answered by one model, chosen by lot: the strong one more often where the prompt is long."""

    def trial(seed: int) -> Trial:
        mixed = pairs.frame.sample(fraction=1, shuffle=True, seed=seed)
        log = _served(mixed.head(size), pl.col("prompt").str.len_chars() > _LONG, seed)
        seen = log if known else log.drop("propensity")
        learn = partial(learn_from_log, seen, weak="weak", strong="strong", by=pairs.by, seed=seed)
        return Trial(learn, mixed.slice(size, 3000))

    return trial


def _served(pairs: pl.DataFrame, hard: pl.Expr, seed: int) -> pl.DataFrame:
    lots = random.Random(seed)  # noqa: S311 - to be had again
    chance = pl.when(hard).then(0.8).otherwise(0.2)
    lot = pl.Series("lot", [lots.random() for _ in range(pairs.height)])
    strong = pl.col("lot") < pl.col("chance")
    return pairs.with_columns(lot, chance=chance).with_columns(
        model=pl.when(strong).then(pl.lit("strong")).otherwise(pl.lit("weak")),
        quality=pl.when(strong).then("strong").otherwise("weak"),
        propensity=pl.when(strong).then("chance").otherwise(1 - pl.col("chance")),
    )


# Sets of our own making, each of which would mislead a router that is not checked


def _made_cases() -> Iterator[Case]:
    size = 600
    yield "made: a word tells", _made(size, lambda _, text: (0.1 if "zeta" in text else 0.9, 0.9))
    yield "made: short is hard", _made(size, lambda _, text: (0.3 if len(text) < _LONG else 0.85, 0.9))
    yield "made: noise", _made(size, lambda *_: (0.5, 0.7))
    yield "made: noise, small gap", _made(size, lambda *_: (0.9, 0.95))
    yield "made: noise, 120 labels", _made(120, lambda *_: (0.4, 0.8))
    yield "made: all prompts equal", _made(size, lambda *_: (0.5, 0.7), text="the same prompt again")
    yield "made: 30 labels", _made(30, lambda _, text: (0.1 if "zeta" in text else 0.9, 1.0))
    yield "made: constant quality", _made(size, lambda *_: (0.0, 1.0))
    yield "made: no gap", _made(size, lambda *_: (0.7, 0.7))
    yield "made: strong is worse", _made(size, lambda *_: (0.8, 0.6))
    yield "made: sessions, each of its own words", _made(size, _by_session, session=10)
    yield "made: the same, sessions not named", _made(size, _by_session, session=10, named=False)
    yield "made: hidden choice of the model", _hidden
    yield "made: noise, checked at 100, 200, 400, 800", _watched


Chances = Callable[[int, str], tuple[float, float]]


def _prompts(
    size: int, seed: int, chances: Chances, text: str | None = None, session: int = 1
) -> pl.DataFrame:
    """Prompts of 5 to 120 made-up words, rare ones included; the turns of a session share ten words of their own."""
    lots = random.Random(f"{seed}/{size}")  # noqa: S311 - to be had again
    words = ["zeta", *(f"word{number}" for number in range(2000))]
    rows = []
    for number in range(size):
        talk = f"{seed}-{number // session}"
        own = [f"talk{talk}x{part}" for part in range(10)] if session > 1 else []
        made = " ".join([*own, *(words[int(2001 * lots.random() ** 3)] for _ in range(lots.randint(5, 120)))])
        weak, strong = chances(
            int(hashlib.md5(talk.encode(), usedforsecurity=False).hexdigest()[:4], 16), text or made
        )
        answers = {"weak": float(lots.random() < weak), "strong": float(lots.random() < strong)}
        rows.append({"prompt": text or made, "session": talk, **answers})
    return pl.DataFrame(rows)


def _by_session(talk: int, _: str) -> tuple[float, float]:
    return (0.1, 0.9) if talk % 2 else (0.8, 0.9)


def _made(
    size: int, chances: Chances, text: str | None = None, session: int = 1, *, named: bool = True
) -> Callable[[int], Trial]:
    def trial(seed: int) -> Trial:
        labels = _prompts(size, seed, chances, text, session)
        truth = _prompts(1500, seed + 1000, chances, text, session)
        return Trial(partial(learn_from_pairs, labels if named else labels.drop("session"), seed=seed), truth)

    return trial


def _hidden(seed: int) -> Trial:
    """The application sent what it knew to be hard to the strong model; the prompt only hints at it, the wrong way."""
    labels = _prompts(1200, seed, lambda _, text: (0.3 if "zeta" in text else 0.8, 0.9))
    answered = labels.with_columns(
        strong=pl.when(pl.col("weak") == 0).then(0.5 * pl.col("strong")).otherwise("strong")
    )
    log = _served(answered, pl.col("weak") == 0, seed).drop("propensity")
    truth = _prompts(1500, seed + 1000, lambda _, text: (0.3 if "zeta" in text else 0.8, 0.9))
    return Trial(partial(learn_from_log, log, weak="weak", strong="strong", seed=seed), truth)


def _watched(seed: int) -> Trial:
    """Let through once in four checks is let through."""
    labels = _prompts(800, seed, lambda *_: (0.5, 0.7))

    def learn() -> Learned:
        looks = (learn_from_pairs(labels.head(size), seed=seed) for size in (100, 200, 400, 800))
        found = list(looks)
        return next((each for each in found if each.check.choose != "none"), found[-1])

    return Trial(learn, _prompts(1500, seed + 1000, lambda *_: (0.5, 0.7)))


if __name__ == "__main__":
    main()
