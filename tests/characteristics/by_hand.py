"""Operating characteristics the slow ways: every path in turn, and trials thrown one by one."""

from collections import defaultdict
from math import comb

import numpy as np

from myelodose.designs import Design


def every_path(design: Design, risk, cohorts: int, *, size: int | None = None) -> dict:
    """Characteristics by walking through every path, nothing merged."""
    found: dict = defaultdict(float)
    levels = design.levels
    selected, patients, share = np.zeros(levels + 1), np.zeros(levels), np.zeros(levels)

    def end(n, y, prob, stopped):
        nonlocal selected, patients, share
        found["paths"] += 1
        found["stopped"] += prob * stopped
        selected[int(design.pick(n[None], y[None])[0])] += prob
        patients += prob * n
        share += prob * n / n.sum()
        found["dlts"] += prob * y.sum()
        found[f"size {n.sum()}"] += prob

    def go(n, y, level, done, prob):
        if done == cohorts:
            return end(n, y, prob, False)
        chosen = design.start
        if done:
            chosen = int(design.decide(n[None], y[None], np.array([level]))[0])
        if chosen < 0:
            return end(n, y, prob, True)
        count = size or int(design.size(n[None], y[None], np.array([chosen]))[0])
        for k in range(count + 1):
            p = risk[chosen]
            chance = comb(count, k) * p**k * (1 - p) ** (count - k)
            step = np.arange(levels) == chosen
            go(n + count * step, y + k * step, chosen, done + 1, prob * chance)
        return None

    nothing = np.zeros(levels, int)
    go(nothing, nothing, design.start, 0, 1.0)
    return found | {"selected": selected, "patients": patients, "share": share}


def thrown(design: Design, risk, patients: int, *, trials: int, seed: int) -> dict:
    """Means over simulated trials, and their standard errors."""
    draw = np.random.default_rng(seed)
    n, y = (np.zeros((trials, design.levels), int) for _ in range(2))
    level = np.full(trials, design.start)
    while True:
        on = np.flatnonzero((level >= 0) & (n.sum(1) < patients))
        if not len(on):
            break
        here = level[on]
        size = np.minimum(design.size(n[on], y[on], here), patients - n[on].sum(1))
        y[on, here] += draw.binomial(size, np.asarray(risk)[here])
        n[on, here] += size
        level[on] = design.decide(n[on], y[on], here)
    picked = design.pick(n, y)
    each = {
        "selected": picked[:, None] == np.arange(design.levels),
        "selected_none": (picked < 0)[:, None],
        "patients": n,
        "dlts": y,
        "share": n / n.sum(1, keepdims=True),
    }
    return {k: (v.mean(0), v.std(0) / np.sqrt(trials)) for k, v in each.items()}
