"""What was seen in a fit and what to try, in words."""

from typing import NamedTuple

import xarray as xr

from myelodose.diagnostics.convergence import convergence
from myelodose.posterior import Diagnostics

REMEDIES = {
    "divergences": (
        "the sampler met curvature that its step cannot follow, so a region may be missing",
        "write random effects non-centred (or centred, where each patient has much data); raise "
        "target_accept towards 0.99; tighten a prior that lets a standard deviation reach 0",
    ),
    "r_hat": (
        "the chains disagree about where the posterior is",
        "run longer warm-up; look at the trace for two modes, as flip-flop of ka and ke makes "
        "(order them: ka > ke); start from several points; check that each parameter is identified",
    ),
    "ess_bulk": (
        "draws are so dependent that means are uncertain",
        "draw more; use a dense mass matrix for population parameters; reparametrise what "
        "correlates",
    ),
    "ess_tail": (
        "draws are so dependent that intervals are uncertain",
        "draw more; look for a heavy tail that a more informative prior would hold",
    ),
    "e_bfmi": (
        "the energy moves slowly between draws, so tails are explored too little",
        "write random effects non-centred; give standard deviations priors with lighter tails",
    ),
    "pareto_k": (
        "the approximation is too far from the posterior for importance weights to correct it",
        "sample by NUTS; an approximation may start it, but decides nothing",
    ),
}


class Finding(NamedTuple):
    """One thing that was seen in a fit."""

    check: str
    seen: str
    means: str
    remedy: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.check} = {self.seen}: {self.means}. Try: {self.remedy}."


def findings(fit: Diagnostics | xr.DataTree) -> list[Finding]:
    """Each failed check of a fit with what it means and what to try.

    Args:
        fit: Diagnostics, or a DataTree to compute them from; of a tree, trajectories that were
            cut at the largest depth are reported too where `reached_max_treedepth` is stored.

    Returns:
        Nothing where every check passed.

    Example:
        >>> fit = Diagnostics(r_hat=1.74, ess_bulk=6, ess_tail=20, divergences=0)
        >>> [finding.check for finding in findings(fit)]
        ['r_hat', 'ess_bulk', 'ess_tail']
    """
    record = fit if isinstance(fit, Diagnostics) else convergence(fit)
    found = [Finding(name, seen, *REMEDIES[name]) for name, seen in record.failures().items()]
    if isinstance(fit, xr.DataTree):
        found += _cut_trajectories(fit)
    return found


def verdict(fit: Diagnostics | xr.DataTree) -> str:
    """The findings as text, or that nothing was found.

    Args:
        fit: As for `findings`.

    Example:
        >>> print(verdict(Diagnostics(r_hat=1.0, ess_bulk=900, ess_tail=800, divergences=0)))
        Converged: R-hat at most 1.000, ESS at least 900 (bulk) and 800 (tail), divergences: 0.
    """
    record = fit if isinstance(fit, Diagnostics) else convergence(fit)
    found = findings(fit)
    if found:
        heading = "NOT CONVERGED." if record.failures() else "Converged, but slowly."
        return "\n".join([heading, *(f"- {finding}" for finding in found)])
    return f"Converged: {str(record).removesuffix('; converged')}."


def _cut_trajectories(tree: xr.DataTree) -> list[Finding]:
    """Trajectories as long as the longest that a doubling can make were probably cut."""
    stats = tree["sample_stats"]
    if "reached_max_treedepth" not in stats.data_vars:
        return []
    share = float(stats["reached_max_treedepth"].mean())
    if share == 0:
        return []
    means = "trajectories were cut before they turned, which wastes work but is no error"
    remedy = "raise max_tree_depth; scale parameters alike; use a dense mass matrix"
    return [Finding("tree_depth", f"{100 * share:.1f} % of draws at the limit", means, remedy)]
