"""costopt: what LLM requests cost, what would cost less, and the proof."""

__version__ = "0.1.0"
