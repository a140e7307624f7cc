"""What `costopt frontier set` does with its options."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from pydantic import ValidationError

from costopt.cli.loading import encodable
from costopt.errors import ConfigError
from costopt.ledger.frontier import Frontier
from costopt.ledger.wording import worded


def frontier_of(
    name: str, rate: str, capabilities: Sequence[str] | None, before: Frontier | None, now: int
) -> Frontier:
    """A frontier model as the options have it; capabilities that are not named stay.

    Raises:
        ConfigError: if the rate is no amount, or the name is empty.
    """
    kept = before.capabilities if before else ()
    words = kept if capabilities is None else tuple(dict.fromkeys(map(encodable, capabilities)))
    try:
        return Frontier(
            model_name=name, cost_per_1k_tokens_usd=Decimal(rate), capabilities=words, last_updated=now
        )
    except InvalidOperation as error:
        raise ConfigError(
            f"`{encodable(rate)}` is not a rate", hint="write US dollars for a thousand tokens: 0.03"
        ) from error
    except ValidationError as error:
        raise ConfigError(
            worded(error), hint="write `costopt frontier set NAME USD`, such as 0.03"
        ) from error
