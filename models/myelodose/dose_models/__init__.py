"""Dose-outcome models and their posteriors by deterministic quadrature.

Densities are written for one datum and one parameter value; `lattice` evaluates one or two
parameters for thousands of trial states at once, `logistic2` adapts its nodes to one posterior, and
`importance` integrates what has more parameters than a lattice can hold. Every result carries its
numerical error.
"""
