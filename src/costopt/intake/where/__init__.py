"""Filters: `tenant == "acme" and cost_usd > 0.1`, from their text to the requests that they keep."""

from costopt.intake.where.filtering import Filter, Where, parse_where

__all__ = ["Filter", "Where", "parse_where"]
