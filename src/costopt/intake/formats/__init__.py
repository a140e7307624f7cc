"""One file per log format: a `Format` value that recognises a log and says what its fields mean."""
