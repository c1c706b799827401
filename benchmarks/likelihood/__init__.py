"""The benchmark problem of the likelihood and its gradient, and the peers that are measured on it.

Every solver here reads the same `Problem`, returns the same array and feeds the same log
posterior, so a difference in time or in accuracy is a difference of solvers.
"""
