"""How a fit is made: every choice that its draws depend on."""

from dataclasses import dataclass

from myelodose.errors import check_fields

GEOMETRIES = ("learnt", "structured")
CHAIN_METHODS = ("auto", "parallel", "sequential", "vectorized")


@dataclass(frozen=True)
class FitSettings:
    """Settings of a fit by the no-U-turn sampler.

    Args:
        chains: Number of chains, at least 2 so that R-hat means something.
        warmup: Warm-up draws a chain, rounded up to whole chunks.
        draws: Kept draws a chain.
        chunk: Draws between two checkpoints, and between two lines of progress.
        target_accept: Mean acceptance that the step size is adapted to, between 0 and 1.
        max_tree_depth: Most doublings of a trajectory.
        geometry: "learnt" has coordinates learnt from curvatures during warm-up (docs/fitting.md):
            for models of some 200 common and own values at most. "structured" is the usual mass
            matrix from draws, diagonal but for the blocks of `dense`.
        dense: Blocks of common variables that share a dense mass matrix, as NumPyro's
            `dense_mass`: (("CL", "V"),). Read by "structured" alone.
        plate: Plate of the patients; if empty, the one with most random values in it.
        chain_method: "parallel" has one CPU device a chain, "vectorized" all chains in one
            program, "sequential" one after the other; "auto" is vectorized on an accelerator,
            and on a CPU parallel where JAX has, or can still be given, a device for each chain.
            Draws of one seed differ between methods, so the one used is stored.

    Raises:
        InputError: If a value cannot be.
    """

    chains: int = 4
    warmup: int = 300
    draws: int = 1000
    chunk: int = 25
    target_accept: float = 0.8
    max_tree_depth: int = 10
    geometry: str = "learnt"
    dense: tuple[tuple[str, ...], ...] = ()
    plate: str = ""
    chain_method: str = "auto"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "chains": (self.chains >= 2, "2 or more"),
            "warmup": (self.warmup >= 1, "1 or more"),
            "draws": (self.draws >= 4, "4 or more"),
            "chunk": (self.chunk >= 1, "1 or more"),
            "target_accept": (0 < self.target_accept < 1, "a number between 0 and 1"),
            "max_tree_depth": (1 <= self.max_tree_depth <= 20, "1 to 20"),
            "geometry": (self.geometry in GEOMETRIES, f"one of {', '.join(GEOMETRIES)}"),
            "dense": (
                not self.dense or self.geometry == "structured",
                "no blocks, or geometry='structured', which alone reads them",
            ),
            "chain_method": (
                self.chain_method in CHAIN_METHODS,
                f"one of {', '.join(CHAIN_METHODS)}",
            ),
        }
        check_fields(self, checks)

    @property
    def warmup_chunks(self) -> int:
        """Chunks of the warm-up."""
        return -(-self.warmup // self.chunk)

    @property
    def chunks(self) -> int:
        """All chunks."""
        return self.warmup_chunks + -(-self.draws // self.chunk)

    @property
    def learn_after(self) -> tuple[int, ...]:
        """Numbers of warm-up chunks after which coordinates are learnt anew."""
        total = self.warmup_chunks
        if self.geometry == "learnt":
            ends = {max(1, round(total * share)) for share in (1 / 12, 1 / 4, 1 / 2)}
        else:
            # Draws that tell a covariance have to be many: late and wide windows.
            ends = {max(1, round(total * share)) for share in (0.1, 0.2, 0.4, 0.8)}
        return tuple(sorted(end for end in ends if end < total))
