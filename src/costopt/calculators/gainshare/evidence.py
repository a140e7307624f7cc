"""What an invoice rests on: which entries, of which logs, at which prices, and what is not in it."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

import polars as pl

from costopt.calculators.gainshare.digest import ORDER, digest_of
from costopt.calculators.gainshare.sums import Sums, together
from costopt.models.money import percent
from costopt.models.result import Frozen


class EntryRef(Frozen):
    """An entry of the ledger, by which it can be found there; its hash is null where that was not read."""

    day: dt.date
    id: str
    hash: str | None


class LedgerEnd(Frozen):
    """The end of a ledger: how many entries it has, and the hash of the last one, which stands for all of them."""

    entries: int
    hash: str


class Late(Frozen):
    """An earlier month that was invoiced, and whose entries in the ledger have since become others.

    Attributes:
        month: The month.
        invoice: The number of its invoice.
        invoiced_savings_usd: As that invoice has them.
        savings_usd: As the ledger has them now.
        difference_usd: The second less the first: in no invoice.
    """

    month: str
    invoice: str
    invoiced_savings_usd: Decimal
    savings_usd: Decimal
    difference_usd: Decimal


class Evidence(Frozen):
    """Where an invoice's figures are from.

    Attributes:
        entries: How many entries.
        first: The first of them by time, then by id; null where there is none.
        last: The last of them.
        entries_sha256: Of what they say, one a line, in that order: id, time, requests, unpriced, tokens, baseline
            and actual cost, apart by blanks, costs with 12 decimals. It is the same for the same entries, however
            they lie in the ledger.
        inputs: The digests of the logs they were made from, one for each recording.
        catalogs: The digests of the prices they were reckoned with.
        baselines: What they were compared with.
        requests: How many requests are in the amounts.
        unpriced: How many more there were without a known cost or baseline; in no amount.
        uncompared: How many more there were on days with a contract that are compared with nothing: none of its baselines
            is for them, or could have served them. In no amount.
        covered_pct: Of all these, those in the amounts, in percent; 100 where there are none.
        rejected_low: Lines of the logs that are no requests, of this tenant or of others: at least so many, which is the
            most that a single recording had. Those of logs with nothing but uncompared requests count as well.
        rejected_high: At most so many, if no two recordings had the same lines; null where nobody knows.
        outside: Entries of the month in no amount, on days without a contract or compared with another baseline;
            null where there are none.
        late: Earlier months whose entries have become others since their invoice.
        ledger: The end of the ledger when the invoice was made; null where it was not given.
    """

    entries: int
    first: EntryRef | None
    last: EntryRef | None
    entries_sha256: str
    inputs: tuple[str, ...]
    catalogs: tuple[str, ...]
    baselines: tuple[str, ...]
    requests: int
    unpriced: int
    uncompared: int
    covered_pct: Decimal
    rejected_low: int
    rejected_high: int | None
    outside: Sums | None
    late: tuple[Late, ...]
    ledger: LedgerEnd | None


def evidence(
    entries: pl.DataFrame,
    uncompared: pl.DataFrame,
    outside: pl.DataFrame,
    late: Iterable[Late],
    ledger: LedgerEnd | None,
) -> Evidence:
    """What there is to say of the entries of an invoice.

    Args:
        entries: Those in it, dated.
        uncompared: Those of its days that are compared with nothing.
        outside: Those of its month that are neither.
        late: Earlier months that have changed.
        ledger: The end of the ledger that they are from.
    """
    low, high = _rejected(pl.concat([entries, uncompared]))
    ordered = entries.sort(ORDER)
    requests, unpriced, alone = (
        int(each.sum()) for each in (entries["requests"], entries["unpriced"], uncompared["unpriced"])
    )
    everything = requests + unpriced + alone
    return Evidence(
        entries=entries.height,
        first=_entry(ordered.head(1)),
        last=_entry(ordered.tail(1)),
        entries_sha256=digest_of(ordered),
        inputs=_distinct(entries, "inputs"),
        catalogs=_distinct(entries, "catalog"),
        baselines=_distinct(entries, "baseline"),
        requests=requests,
        unpriced=unpriced,
        uncompared=alone,
        covered_pct=percent(requests, everything) if everything else Decimal(100),
        rejected_low=low,
        rejected_high=high,
        outside=None if outside.is_empty() else together(outside.lazy()),
        late=tuple(late),
        ledger=ledger,
    )


def _entry(entries: pl.DataFrame) -> EntryRef | None:
    for row in entries.iter_rows(named=True):
        return EntryRef(day=row["day"], id=row["id"], hash=row.get("hash"))
    return None


def _distinct(entries: pl.DataFrame, column: str) -> tuple[str, ...]:
    return tuple(entries[column].drop_nulls().unique().sort().to_list())


def _rejected(entries: pl.DataFrame) -> tuple[int, int | None]:
    """From the largest of one recording to the sum of all; logs that grow are told again by every recording."""
    recordings = entries.group_by("inputs").agg(pl.col("rejected").max().fill_null(0))
    counts: list[int] = recordings["rejected"].to_list()
    untold = recordings.filter(pl.col("inputs").is_null() & (pl.col("rejected") > 0))
    return max(counts, default=0), sum(counts) if untold.is_empty() else None
