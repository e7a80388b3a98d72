"""Measurements, never assertions: ``python -m benchmarks`` runs them and prints ratios."""
