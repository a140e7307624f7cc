"""The gain-share system in Python: frontier models, realized savings, and what a share of them comes to.

    from costopt.gainshare import GainShareAnalytics

    analytics = GainShareAnalytics("state")
    analytics.update_frontier_model("premium-model", 0.03, ["reasoning", "code", "dialog"])
    result = analytics.calculate_realized_savings("cheap-model", 1000, 0.005, "acme", "openai-adapter")
    print(f"${result['savings_usd']:.3f} ({result['savings_pct']:.1f} %)")  # $0.025 (83.3 %)

What goes in and comes out are floats, for that is what this interface promises; inside, and in the files, money is
exact. Everything is on disk: several programs may use one folder at the same time, and `costopt gainshare` reads it.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
from pydantic import ValidationError

from costopt.calculators.gainshare.flat_rates import dearest, flat_cost
from costopt.calculators.gainshare.settling import share_of
from costopt.calculators.gainshare.sums import Sums, added, savings_of, sums
from costopt.errors import ConfigError, LedgerError
from costopt.ledger.entry import LARGEST_COUNT, Entry
from costopt.ledger.files import default_state
from costopt.ledger.frontier import RATE_DIGITS, Frontier, frontier_models, known_frontier, set_frontier
from costopt.ledger.reading import reading
from costopt.ledger.recording import check_ids, record_request
from costopt.ledger.wording import worded
from costopt.models.entry import FIGURES, SOMETHING
from costopt.models.money import half_up, percent

__all__ = ["BaselineEntry", "FrontierModel", "GainShareAnalytics", "gain_share_analytics"]

SOURCE: Final = "python"
"""What the entries recorded here name as their source."""

_PICO_DIGITS: Final = 12
_LARGEST: Final = 40
"""The exponent of ten above which nothing is an amount."""
_MOST_PCT: Final = 100


@dataclass
class BaselineEntry:
    """One comparison of a cost with the baseline, as recorded."""

    timestamp: int
    model: str
    tokens_used: int
    baseline_cost_usd: float
    actual_cost_usd: float
    savings_usd: float
    tenant: str
    adapter: str


@dataclass
class FrontierModel:
    """A model to compare with, at a flat rate for input and output."""

    model_name: str
    cost_per_1k_tokens_usd: float
    capabilities: list[str]
    last_updated: int


class GainShareAnalytics:
    """Savings against the frontier models, recorded in a folder.

    Args:
        state_dir: The folder, which is made when something is written; by default the one that `costopt` uses.
        now: The time in Unix seconds, for what is recorded.
    """

    def __init__(self, state_dir: str | Path | None = None, *, now: Callable[[], float] = time.time) -> None:
        self._state_dir = state_dir
        self._now = now

    @property
    def state(self) -> Path:
        """The folder."""
        return default_state() if self._state_dir is None else Path(self._state_dir)

    def update_frontier_model(
        self, model_name: str, cost_per_1k_tokens_usd: float, capabilities: Sequence[str] | None = None
    ) -> FrontierModel:
        """Adds a frontier model, or replaces the one of that name.

        Args:
            model_name: By which it is found.
            cost_per_1k_tokens_usd: For a thousand tokens; digits beyond the 15th behind the point are rounded off.
            capabilities: What it is good at.

        Raises:
            ConfigError: if a value is none of its kind.
            LedgerError: if `frontier_models.json` is broken, or cannot be written.
        """
        rate = _decimal("cost_per_1k_tokens_usd", cost_per_1k_tokens_usd, RATE_DIGITS)
        if isinstance(capabilities, str):
            raise ConfigError(
                f"`capabilities` is {capabilities!r}, which is no list", hint=f"write `[{capabilities!r}]`"
            )
        with _told():
            model = Frontier(
                model_name=model_name,
                cost_per_1k_tokens_usd=rate,
                capabilities=tuple(capabilities or ()),
                last_updated=int(self._now()),
            )
        return _shown(set_frontier(self.state, [model])[model_name])

    def get_frontier_model(self, model_name: str) -> FrontierModel | None:
        """The frontier model of that name; None where there is none."""
        return self.get_all_frontier_models().get(model_name)

    def get_all_frontier_models(self) -> dict[str, FrontierModel]:
        """All frontier models by name."""
        return {name: _shown(model) for name, model in frontier_models(self.state).items()}

    def calculate_realized_savings(  # noqa: PLR0913 - promised
        self,
        chosen_model: str,
        tokens_used: int,
        actual_cost_usd: float,
        tenant: str,
        adapter: str,
        *,
        baseline_model: str | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """Records what a request cost, and what it would have cost at the baseline; it is on disk afterwards.

        Args:
            chosen_model: The model that answered.
            tokens_used: Input and output together.
            actual_cost_usd: What it cost; digits below a pico-dollar are rounded off.
            tenant: For whom.
            adapter: Through what.
            baseline_model: The frontier model to compare with; by default the one with the highest rate.
            request_id: A name for the request: it is recorded once, and with other words it is corrected, at the time
                of the first call. Without one, every call is a request of its own.

        Returns:
            `savings_usd` and `savings_pct`, negative where the baseline would have been cheaper, and 0 % where it
            costs nothing; `baseline_cost_usd`, `actual_cost_usd`; `frontier_model`, `frontier_cost_per_1k`.

        Raises:
            ConfigError: if there is no such frontier model, or a value is none of its kind.
            LedgerError: if the entry cannot be recorded, or its month is closed.
        """
        models = frontier_models(self.state)
        rates = {name: model.cost_per_1k_tokens_usd for name, model in models.items()}
        baseline = known_frontier(models, dearest(rates) if baseline_model is None else baseline_model)
        tokens = _count("tokens_used", tokens_used)
        actual = _decimal("actual_cost_usd", actual_cost_usd, _PICO_DIGITS)
        period = uuid.uuid4().hex if request_id is None else request_id
        check_ids([str(period)])
        with _told():
            entry = Entry(
                timestamp=int(self._now()),
                model=chosen_model,
                tokens_used=tokens,
                baseline_cost_usd=flat_cost(tokens, baseline.cost_per_1k_tokens_usd),
                actual_cost_usd=actual,
                tenant=tenant,
                adapter=adapter,
                period=period,
                source=SOURCE,
                baseline=baseline.model_name,
            )
        refusals = record_request(self.state, entry).refusals
        if refusals:
            raise LedgerError(refusals[0].reason, hint="put it into a month that has no invoice yet")
        savings = savings_of(entry.baseline_cost_usd, entry.actual_cost_usd)
        return {
            "savings_usd": float(savings),
            "savings_pct": float(percent(savings, entry.baseline_cost_usd)),
            "baseline_cost_usd": float(entry.baseline_cost_usd),
            "actual_cost_usd": float(entry.actual_cost_usd),
            "frontier_model": baseline.model_name,
            "frontier_cost_per_1k": float(baseline.cost_per_1k_tokens_usd),
        }

    def get_baseline_entries(
        self, tenant: str | None = None, since_timestamp: int | None = None
    ) -> list[BaselineEntry]:
        """The entries as they stand, corrections applied and without what was withdrawn, the earliest first.

        Args:
            tenant: Only this one's.
            since_timestamp: Only those at or after this time, in Unix seconds.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        names = [field.name for field in fields(BaselineEntry)]
        with reading(self.state, [*names, *FIGURES, "id"]) as entries:
            found = _kept(entries, tenant, since_timestamp).collect().sort("timestamp", "id")
        money = pl.col("^.*_usd$").cast(pl.Float64)
        return [BaselineEntry(**row) for row in found.select(names).with_columns(money).iter_rows(named=True)]

    def get_savings_summary(
        self, tenant: str | None = None, since_timestamp: int | None = None
    ) -> dict[str, Any]:
        """What was saved.

        Args:
            tenant: Only by this one.
            since_timestamp: Only at or after this time, in Unix seconds.

        Returns:
            `total_entries`, `total_savings_usd`, `total_baseline_cost_usd`, `total_actual_cost_usd`;
            `avg_savings_pct`, the total savings in percent of the total baseline cost; `unpriced_requests`, which are
            in no total; `time_range`, the `oldest` and `newest` time in Unix seconds, None where there is no entry.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        total, span = self._total(tenant, since_timestamp)
        return {
            "total_entries": total.entries,
            "total_savings_usd": float(total.savings_usd),
            "avg_savings_pct": float(total.savings_pct),
            "total_baseline_cost_usd": float(total.baseline_usd),
            "total_actual_cost_usd": float(total.actual_usd),
            "unpriced_requests": total.unpriced,
            "time_range": span,
        }

    def get_gain_share_report(self, tenant: str, gain_share_pct: float = 30.0) -> dict[str, Any]:
        """What a share of a tenant's savings comes to.

        Args:
            tenant: Whose savings.
            gain_share_pct: The share, in percent.

        Returns:
            `tenant`, `gain_share_pct`; `total_savings_usd`, of which `gain_share_amount_usd` is the share: 0 where
            they are negative; `period_entries` and `avg_savings_pct`. A tenant without entries has saved nothing.

        Raises:
            ConfigError: if the percentage is not between 0 and 100.
            LedgerError: if the ledger cannot be read.
        """
        pct = _decimal("gain_share_pct", gain_share_pct, _PICO_DIGITS)
        if not 0 <= pct <= _MOST_PCT:
            raise ConfigError(f"A share of {pct} % is none", hint="give a percentage from 0 to 100")
        total, _ = self._total(tenant, None)
        return {
            "tenant": tenant,
            "total_savings_usd": float(total.savings_usd),
            "gain_share_amount_usd": float(share_of(total.savings_usd, pct)),
            "gain_share_pct": float(pct),
            "period_entries": total.entries,
            "avg_savings_pct": float(total.savings_pct),
        }

    def _total(self, tenant: str | None, since: int | None) -> tuple[Sums, dict[str, int] | None]:
        """What entries come to, and the times of the oldest and the newest; None where there is no entry."""
        time = pl.col("timestamp")
        with reading(self.state, ("timestamp", *FIGURES, "tenant")) as entries:
            kept = _kept(entries, tenant, since)
            span = kept.select(oldest=time.min(), newest=time.max())
            whole, times = pl.collect_all([added(kept, []), span], engine="streaming")
        total = Sums(**sums(whole.row(0, named=True)))
        return total, times.row(0, named=True) if total.entries else None


gain_share_analytics = GainShareAnalytics()
"""The one that uses the folder of the `costopt` command."""


def _kept(entries: pl.LazyFrame, tenant: str | None, since: int | None) -> pl.LazyFrame:
    """The entries of a tenant from a time on, without what was withdrawn."""
    conditions = [
        SOMETHING,
        *([] if tenant is None else [pl.col("tenant") == tenant]),
        *([] if since is None else [pl.col("timestamp") >= since]),
    ]
    return entries.filter(*conditions)


def _shown(model: Frontier) -> FrontierModel:
    return FrontierModel(
        model.model_name,
        float(model.cost_per_1k_tokens_usd),
        list(model.capabilities),
        model.last_updated,
    )


def _decimal(name: str, value: object, digits: int) -> Decimal:
    """A number as it is written, to so many digits behind the point.

    Raises:
        ConfigError: if it is no number.
    """
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    amount = Decimal(str(value)) if number else Decimal("NaN")
    if not amount.is_finite() or amount.adjusted() > _LARGEST:
        raise ConfigError(f"`{name}` is {value!r}, which is no amount", hint="give a finite number")
    return half_up(amount, Decimal(1).scaleb(-digits))


def _count(name: str, value: object) -> int:
    """A whole number from 0 up.

    Raises:
        ConfigError: if it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LARGEST_COUNT:
        raise ConfigError(
            f"`{name}` is {value!r}, which is no count", hint="give a whole number from 0 up to 1e18"
        )
    return value


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a value, as the user's mistake.

    Raises:
        ConfigError: instead of any `ValidationError`.
    """
    try:
        yield
    except ValidationError as error:
        raise ConfigError(worded(error), hint="call it with another value") from error
