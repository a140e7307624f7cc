"""Logs to canonical requests: sources, partitions, formats, decoding, rejects, duplicates."""
