"""The vocabulary: canonical columns, money, periods, and the base of every result."""
