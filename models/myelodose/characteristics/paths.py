"""Dose-transition pathways: every way the next cohorts can go."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from myelodose.characteristics.states import States, treated
from myelodose.characteristics.truth import TruthLike, read_truth
from myelodose.designs.base import STOP, UNDECIDED, Design
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import Label


class Layer(NamedTuple):
    """Nodes after the same number of further cohorts.

    Attributes:
        parent: Index in the layer before, -1 for the root.
        given: Level of the cohort that led here, -1 for the root.
        dlts: DLTs in that cohort.
        size: Patients in it.
        n: Evaluable patients, node x level.
        y: Patients with a DLT, node x level.
        next: The level that the design gives next, `STOP` or `UNDECIDED`.
    """

    parent: Int[np.ndarray, " node"]
    given: Int[np.ndarray, " node"]
    dlts: Int[np.ndarray, " node"]
    size: Int[np.ndarray, " node"]
    n: Int[np.ndarray, "node level"]
    y: Int[np.ndarray, "node level"]
    next: Int[np.ndarray, " node"]


class Pathways(NamedTuple):
    """The tree of what may happen in the next cohorts.

    Attributes:
        design: The design.
        layers: Nodes by number of further cohorts, the root first.
    """

    design: Design
    layers: tuple[Layer, ...]

    @property
    def nodes(self) -> int:
        """All nodes, with the root."""
        return sum(len(layer.next) for layer in self.layers)

    @property
    def terminal(self) -> int:
        """Different paths to the end: nodes that stop, and those after the last cohort."""
        stopped = sum(int((layer.next < 0).sum()) for layer in self.layers[:-1])
        return stopped + len(self.layers[-1].next)

    def table(self, *, repeat: bool = False) -> pd.DataFrame:
        """One row a path: dose and DLTs of each cohort, and the dose that follows.

        Args:
            repeat: Whether a path that ends early is repeated once for each outcome that the
                cohorts it did not need could have had, so that every table of as many equal
                cohorts has as many rows.

        Returns:
            Columns `dose1`, `dlt1`, `dose2`, ..., the last being the dose recommended after the
            last cohort; <NA> once the trial has stopped, and "undecided" where it is.
        """
        depth = len(self.layers) - 1
        rows: list[tuple] = []
        self._walk(0, 0, (), rows)
        columns = [f"{name}{k + 1}" for k in range(depth) for name in ("dose", "dlt")]
        columns.append(f"dose{depth + 1}")
        full = [
            row + (pd.NA,) * (len(columns) - len(row))
            for row, times in rows
            for _ in range(times if repeat else 1)
        ]
        return pd.DataFrame(full, columns=columns, dtype=object)

    def tree(self) -> str:
        """The tree as indented text."""
        lines = [f"-> {self._shown(int(self.layers[0].next[0]))}"]
        self._write(0, 0, lines)
        return "\n".join(lines)

    def probabilities(self, truth: TruthLike) -> list[Float[np.ndarray, "scenario node"]]:
        """Probability of every node, layer by layer.

        Args:
            truth: True DLT risks; see `characteristics.exact`.
        """
        risk = read_truth(truth, self.design, "pathways").risk
        found = [np.ones((len(risk), 1))]
        for before, layer in zip(self.layers, self.layers[1:], strict=False):
            go = before.next >= 0
            zero = np.zeros_like(before.n[go])
            ones = States(zero, zero, before.next[go], np.ones((int(go.sum()), len(risk))))
            sizes = layer.size[np.unique(layer.parent, return_index=True)[1]]
            chance = treated(ones, before.next[go], sizes, risk).prob.T
            found.append(found[-1][:, layer.parent] * chance)
        return found

    def _children(self, depth: int, node: int) -> Int[np.ndarray, " node"]:
        if depth + 1 == len(self.layers):
            return np.array([], int)
        return np.flatnonzero(self.layers[depth + 1].parent == node)

    def _walk(self, depth: int, node: int, path: tuple, rows: list[tuple]) -> None:
        following = int(self.layers[depth].next[node])
        dose = pd.NA if following == STOP else self._label(following)
        children = self._children(depth, node)
        if not len(children):
            left = len(self.layers) - 1 - depth
            size = int(self.layers[depth].size[node]) if depth else self.design.cohort_size
            rows.append(((*path, dose), (size + 1) ** left))
        for child in children:
            dlts = int(self.layers[depth + 1].dlts[child])
            self._walk(depth + 1, int(child), (*path, dose, dlts), rows)

    def _write(self, depth: int, node: int, lines: list[str]) -> None:
        for child in self._children(depth, node):
            layer = self.layers[depth + 1]
            seen = f"{layer.dlts[child]}/{layer.size[child]}"
            after = self._shown(int(layer.next[child]))
            lines.append("   " * (depth + 1) + f"{seen} -> {after}")
            self._write(depth + 1, int(child), lines)

    def _label(self, level: int) -> Label:
        return "undecided" if level == UNDECIDED else self.design.labels[level]

    def _shown(self, level: int) -> str:
        return "stop" if level == STOP else str(self._label(level))


def pathways(
    design: Design,
    *,
    cohorts: int | Sequence[int],
    previous: Outcomes | None = None,
    cohort_size: int | None = None,
    start: int | None = None,
) -> Pathways:
    """Every way the next cohorts can go, by number of DLTs.

    Args:
        design: The design.
        cohorts: How many further cohorts, or the number of patients of each.
        previous: What was seen so far; nothing if not given.
        cohort_size: Patients in every cohort; what the design says if not given.
        start: Level of the first cohort of a trial; what the design says if not given.

    Returns:
        The tree, with a table and text.

    Raises:
        InputError: If numbers of cohorts or patients cannot be.

    Source:
        Yap et al., Clin Cancer Res 2017 (doi 10.1158/1078-0432.CCR-17-0582).

    Example:
        >>> from myelodose.designs.three_plus_three import ThreePlusThree
        >>> print(pathways(ThreePlusThree(doses=(10, 20)), cohorts=1).tree())
        -> 10
           0/3 -> 20
           1/3 -> 10
           2/3 -> stop
           3/3 -> stop
    """
    sizes = _sizes(cohorts, cohort_size)
    n, y = _counts(design, previous)
    begin = not n.any()
    level = np.array([design.start if start is None else start])
    if previous is not None and previous.last_level is not None:
        level = np.array([previous.last_level])
    first = level if begin else design.decide(n, y, level)
    none = np.array([-1])
    layers = [Layer(none, none, np.array([0]), np.array([0]), n, y, first)]
    for size in sizes:
        layers.append(_next_layer(design, layers[-1], size))
        if not len(layers[-1].next):
            layers.pop()
            break
    return Pathways(design, tuple(layers))


def _next_layer(design: Design, layer: Layer, size: int | None) -> Layer:
    go = layer.next >= 0
    given = layer.next[go]
    before = States(layer.n[go], layer.y[go], given, np.ones((len(given), 1)))
    sizes = np.asarray(design.size(before.n, before.y, given))
    if size is not None:
        sizes = np.full(len(given), size)
    after = treated(before, given, sizes, np.full((1, design.levels), 0.5))
    source = np.repeat(np.arange(len(given)), sizes + 1)
    dlts = (after.y - before.y[source]).sum(-1)
    following = design.decide(after.n, after.y, after.level) if len(source) else source
    parent = np.flatnonzero(go)[source]
    return Layer(parent, after.level, dlts, sizes[source], after.n, after.y, following)


def _sizes(cohorts: int | Sequence[int], cohort_size: int | None) -> list[int | None]:
    sizes = [cohort_size] * cohorts if isinstance(cohorts, int) else list(cohorts)
    if not sizes or any(size is not None and not 1 <= size <= 20 for size in sizes):
        found = f"found cohorts {cohorts!r}"
        raise InputError("pathways, cohorts", found, "give cohorts of 1 to 20 patients")
    return sizes


def _counts(design: Design, previous: Outcomes | None) -> tuple[np.ndarray, np.ndarray]:
    if previous is None:
        zero = np.zeros((1, design.levels), int)
        return zero, zero
    n, y = design.counts(previous)
    return n[None], y[None]
