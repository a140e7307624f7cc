"""What if requests were routed otherwise: cost, quality and latency, with ranges."""
