"""The price catalog: its file, its rates, and which entry a model name in a log means."""
