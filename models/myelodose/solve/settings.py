"""Which solver, and how hard it tries: the one interface of the fast and the slow way."""

from dataclasses import dataclass, replace

import diffrax

from myelodose.errors import check_fields
from myelodose.solve.rule import CROWDING, Rule

NODES = 16


@dataclass(frozen=True)
class Fast:
    """Windowed collocation.

    Args:
        nodes: Nodes in a window, 4 to 40; by default as many as the model needs for an error of
            1e-6 over a wide range of patients.
        more_nodes: Nodes beyond those.
        more_sweeps: Sweeps beyond those that the model asks for.
        crowding: How strongly nodes crowd after the start of a window; by default as the model
            likes.
    """

    nodes: int | None = None
    more_nodes: int = 0
    more_sweeps: int = 0
    crowding: float | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        checks = {
            "nodes": (self.nodes is None or 4 <= self.nodes <= 40, "4 to 40"),
            "more_nodes": (0 <= self.more_nodes <= 40, "0 to 40"),
            "more_sweeps": (0 <= self.more_sweeps <= 40, "0 to 40"),
            "crowding": (
                self.crowding is None or 0 < self.crowding < 20,
                "a number above 0 and below 20",
            ),
        }
        check_fields(self, checks)

    @property
    def rule(self) -> Rule:
        """The collocation rule."""
        return self.rule_liked()

    def rule_liked(self, *, nodes: int = NODES, crowding: float = CROWDING) -> Rule:
        """The collocation rule, with what the model likes where nothing was given."""
        return Rule(
            (nodes if self.nodes is None else self.nodes) + self.more_nodes,
            crowding if self.crowding is None else self.crowding,
        )

    def finer(self) -> "Fast":
        """The same with four more nodes and two more sweeps: what an error is measured against."""
        return replace(self, more_nodes=self.more_nodes + 4, more_sweeps=self.more_sweeps + 2)


@dataclass(frozen=True)
class Reference:
    """diffrax, eighth order, adaptive, restarted in every window.

    Args:
        rtol: Relative tolerance of a step.
        atol: Absolute tolerance of a step.
        forward_mode: Derivatives by jvp and jacfwd instead of by grad; diffrax compiles for one
            of them.

    Example:
        >>> Reference(forward_mode=True).adjoint
        ForwardMode()
    """

    rtol: float = 1e-11
    atol: float = 1e-13
    forward_mode: bool = False

    def __post_init__(self) -> None:
        """Check every value."""
        check_fields(
            self,
            {
                "rtol": (0 < self.rtol < 0.1, "a number above 0 and below 0.1"),
                "atol": (0 < self.atol < 0.1, "a number above 0 and below 0.1"),
            },
        )

    @property
    def adjoint(self) -> diffrax.AbstractAdjoint:
        """How diffrax differentiates."""
        return diffrax.ForwardMode() if self.forward_mode else diffrax.RecursiveCheckpointAdjoint()


Solver = Fast | Reference
