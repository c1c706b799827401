"""Whole fits of the benchmark problem: the model for NumPyro, our driver, and Stan."""
