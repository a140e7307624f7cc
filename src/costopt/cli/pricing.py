"""`costopt pricing`: what the catalog says."""

from typing import Final

import typer

from costopt.cli.options import CatalogFile, ConfigFile, Form, To
from costopt.cli.pricing_options import (
    After,
    AsMode,
    At,
    Before,
    Cached,
    CachedAudio,
    CachedImage,
    CacheWrite,
    CacheWrite1h,
    CheckedFile,
    CheckedOn,
    DryRun,
    Effective,
    FormOnly,
    InputAudio,
    InputImage,
    InputTokens,
    Into,
    Matching,
    Mode,
    ModelName,
    Moment,
    OfProvider,
    OutputAudio,
    OutputImage,
    OutputTokens,
    PreferList,
    PriceListName,
    Provider,
    Reasoning,
    StaleDays,
    WebSearches,
)

pricing: Final = typer.Typer(
    name="pricing", no_args_is_help=True, rich_markup_mode=None, help="What the price catalog says."
)


@pricing.command()
def show(
    model: ModelName,
    *,
    provider: Provider = None,
    at: At = None,
    mode: Mode = None,
    pricing: CatalogFile = None,
    config: ConfigFile = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """Every rate of a model: by mode, prompt size and date.

    Example: costopt pricing show gpt-5.5 --at 2026-10-01
    """
    from costopt.calculators.pricing import show_prices
    from costopt.cli.loading import day_or_moment, encodable, open_catalog
    from costopt.config import load_config
    from costopt.report.emit import Output, emit
    from costopt.report.views.pricing import records_show, view_show

    catalog = open_catalog(pricing, load_config(config))
    result = show_prices(
        catalog, provider and encodable(provider), encodable(model), day_or_moment(at) if at else None, mode
    )
    emit(result, view_show, records_show, Output(output, to))


@pricing.command(name="list")
def list_models(
    *,
    provider: OfProvider = None,
    match: Matching = None,
    mode: Mode = None,
    at: At = None,
    pricing: CatalogFile = None,
    config: ConfigFile = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """The models and their rates, on a day.

    Those of today, unless another one is named.

    Example: costopt pricing list --provider anthropic
    """
    from functools import partial

    from costopt.calculators.pricing import list_prices
    from costopt.cli.loading import clock, day_or_moment, open_catalog
    from costopt.cli.options import words
    from costopt.config import load_config
    from costopt.report.emit import Output, emit
    from costopt.report.views.pricing import records_list, view_list

    catalog = open_catalog(pricing, load_config(config))
    time = day_or_moment(at) if at else clock().date()
    result = list_prices(catalog, time, provider=provider, match=match, mode=mode)
    again = words(
        ("--provider", provider),
        ("--match", match),
        ("--mode", mode),
        ("--at", at),
        ("--pricing", pricing),
        ("--config", config),
    )
    emit(result, partial(view_list, again=again), records_list, Output(output, to))


@pricing.command()
def check(
    file: CheckedFile = None,
    *,
    at: CheckedOn = None,
    stale_days: StaleDays = 180,
    config: ConfigFile = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """Whether prices are well-formed, and which of them are old.

    Example: costopt pricing check our-prices.toml
    """
    from costopt.calculators.pricing_check import check_catalog
    from costopt.cli.loading import clock, day, open_catalog
    from costopt.config import load_config
    from costopt.report.emit import Output, emit
    from costopt.report.views.pricing import records_check, view_check

    catalog = open_catalog(file, load_config(config))
    result = check_catalog(catalog, day(at) if at else clock().date(), stale_days)
    emit(result, view_check, records_check, Output(output, to))


@pricing.command()
def diff(
    before: Before,
    after: After,
    *,
    pricing: CatalogFile = None,
    config: ConfigFile = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """What two catalogs or price lists say differently.

    A FILE is compared by itself; with --pricing FILE, catalog is the one in use with that file on top.

    Example: costopt pricing diff shipped catalog --pricing our-prices.toml
    """
    from functools import partial

    from costopt.calculators.pricing_diff import diff_catalogs
    from costopt.cli.loading import open_prices
    from costopt.cli.options import words
    from costopt.config import load_config
    from costopt.report.emit import Output, emit
    from costopt.report.views.pricing_diff import records_diff, view_diff

    settings = load_config(config)
    result = diff_catalogs(open_prices(before, pricing, settings), open_prices(after, pricing, settings))
    again = words((before, after), ("--pricing", pricing), ("--config", config))
    full = f"costopt pricing diff {again} -o csv"
    emit(result, partial(view_diff, full=full), records_diff, Output(output, to))


@pricing.command()
def sync(
    *,
    source: PriceListName,
    into: Into = None,
    dry_run: DryRun = False,
    prefer_list: PreferList = False,
    effective: Effective = None,
    config: ConfigFile = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """Bring a price list into a catalog file of yours.

    New models, missing modes and newer prices are written; what a person wrote, and a price that another list gave,
    is left alone and named. The past keeps its prices.

    Example: costopt pricing sync --from litellm --dry-run
    """
    from functools import partial

    from costopt.cli.options import words
    from costopt.cli.syncing import synchronize
    from costopt.config import load_config
    from costopt.report.emit import Output, emit
    from costopt.report.views.pricing_sync import records_sync, view_sync

    result = synchronize(
        source, into, load_config(config), effective, dry_run=dry_run, prefer_list=prefer_list
    )
    again = words(("--from", source), ("--into", into), ("--effective", effective), ("--config", config))
    preferred = " --prefer-list" if prefer_list else ""
    full = f"costopt pricing sync {again}{preferred} --dry-run -o csv"
    emit(result, partial(view_sync, full=full), records_sync, Output(output, to))


@pricing.command()
def cost(
    model: ModelName,
    *,
    input_tokens: InputTokens,
    output_tokens: OutputTokens,
    cached: Cached = 0,
    cache_write: CacheWrite = 0,
    cache_write_1h: CacheWrite1h = 0,
    input_audio: InputAudio = 0,
    cached_audio: CachedAudio = 0,
    input_image: InputImage = 0,
    cached_image: CachedImage = 0,
    reasoning: Reasoning = 0,
    output_audio: OutputAudio = 0,
    output_image: OutputImage = 0,
    web_searches: WebSearches = 0,
    provider: Provider = None,
    mode: AsMode = "standard",
    at: Moment = None,
    pricing: CatalogFile = None,
    config: ConfigFile = None,
    form: FormOnly = "table",
    to: To = None,
) -> None:
    """What one request costs, and how that comes about.

    Example: costopt pricing cost gpt-5.5 --input 12000 --output 900
    """
    from costopt.calculators.pricing_cost import Request, cost_request
    from costopt.cli.loading import clock, encodable, open_catalog
    from costopt.config import load_config
    from costopt.models.period import parse_moment
    from costopt.report.emit import Output, emit
    from costopt.report.views.pricing import records_cost, view_cost

    request = Request(
        timestamp=parse_moment(at, "UTC") if at else clock().replace(microsecond=0),
        provider=provider and encodable(provider),
        model=encodable(model),
        mode=mode,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_input_tokens=cached,
        cache_write_tokens=cache_write,
        cache_write_1h_tokens=cache_write_1h,
        input_audio_tokens=input_audio,
        cached_audio_tokens=cached_audio,
        input_image_tokens=input_image,
        cached_image_tokens=cached_image,
        reasoning_tokens=reasoning,
        output_audio_tokens=output_audio,
        output_image_tokens=output_image,
        web_searches=web_searches,
    )
    catalog = open_catalog(pricing, load_config(config))
    emit(cost_request(catalog, request), view_cost, records_cost, Output(form, to))
