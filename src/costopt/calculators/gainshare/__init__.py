"""What a provider saved its customers against a baseline, and its share of that."""
