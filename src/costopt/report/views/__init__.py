"""One file per result: what of it a person reads, and its records."""
