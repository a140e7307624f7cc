"""Other projects' price lists, each turned into a catalog layer; what has no place there is counted."""

from costopt.pricing.sources.opening import SOURCES, read_price_list
from costopt.pricing.sources.price_list import PriceList

__all__ = ["SOURCES", "PriceList", "read_price_list"]
