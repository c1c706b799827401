"""The next cycle of one patient: which option, and why. Numbers and reasons, never a figure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.errors import check_fields

AIMS = ("least clone", "lowest risk")

COLUMNS = ("ready", "long_grade4", "unrecovered", "burden", "cells_left", "relapse", "clears")
"""What a table of options shows: probabilities, and medians of what is left of the clone."""


@dataclass(frozen=True)
class Acceptable:
    """Which options may be recommended, and by what they are compared. All numbers are CHOSEN.

    Args:
        ready: Least probability that both counts have reached the start limits on day 1.
        long_grade4: Most probability of grade 4 on more than `Rules.grade4_over_d` days running.
        unrecovered: Most probability that counts are not back by `Rules.unrecovered_by_d`.
        burden: Most clonal burden, the mean of clonal cells over all days ahead over those of now,
            in the median; infinite for no limit.
        aim: "least clone" takes the option of the least burden in the median, "lowest risk" the one
            with the least probability of long grade 4 plus that of no recovery.
        alike: Options whose burden differs by less than this share of the best are alike, and the
            one of lower risk is taken, then the earlier one, then the lower dose.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Acceptable(long_grade4=0.1).aim
        'least clone'
    """

    ready: float = 0.5
    long_grade4: float = 0.25
    unrecovered: float = 0.25
    burden: float = float("inf")
    aim: str = "least clone"
    alike: float = 0.05

    def __post_init__(self) -> None:
        """Check every value."""
        share = "a probability"
        checks = {
            name: (0 <= getattr(self, name) <= 1, share)
            for name in ("ready", "long_grade4", "unrecovered", "alike")
        }
        checks["burden"] = (self.burden > 0, "a number above 0")
        checks["aim"] = (self.aim in AIMS, f"one of {', '.join(AIMS)}")
        check_fields(self, checks)


@dataclass(frozen=True)
class Recommendation:
    """What is recommended and why.

    Args:
        option: Its name; empty if none is acceptable.
        because: The reason in words, with numbers.
        table: One row an option, `COLUMNS`, and `misses`: the limits that it breaks.
        cautions: What to know besides.
    """

    option: str
    because: str
    table: pd.DataFrame
    cautions: tuple[str, ...]

    def __str__(self) -> str:
        """All of it in a few lines."""
        first = f"Recommended: {self.option}." if self.option else "No option is acceptable."
        return "\n".join([first, self.because, *(f"- {one}" for one in self.cautions)])


def recommend(ahead: xr.Dataset, acceptable: Acceptable = Acceptable()) -> Recommendation:
    """The option that is best among those within all limits.

    Args:
        ahead: From `forecast`.
        acceptable: Limits and aim.
    """
    table = option_table(ahead)
    draws = ahead.sizes["draw"]
    table["misses"] = [_misses(row, acceptable) for _, row in table.iterrows()]
    fine = pd.DataFrame(table[table.misses == ""])
    cautions = _cautions(ahead, table, acceptable, draws)
    if fine.empty:
        fewest = table.misses.str.count(";").to_numpy()
        risk = (table.long_grade4 + table.unrecovered).to_numpy()
        nearest = str(table.index[np.lexsort((risk, fewest))[0]])
        because = (
            f"All {len(table)} options break a limit; '{nearest}' comes nearest: "
            f"{table.misses[nearest]}. Wait, look again, or state other limits."
        )
        return Recommendation("", because, table, cautions)
    order = _order(fine, acceptable)
    best = str(fine.index[order[0]])
    return Recommendation(best, _because(fine, best, acceptable, len(table)), table, cautions)


def option_table(ahead: xr.Dataset) -> pd.DataFrame:
    """Probabilities of every option, and clonal cells left in the median.

    Args:
        ahead: From `forecast`.
    """
    mean = ahead[["ready", "long_grade4", "recovered", "relapse", "clears"]].mean("draw")
    columns = {
        "ready": mean.ready.values,
        "long_grade4": mean.long_grade4.values,
        "unrecovered": 1 - mean.recovered.values,
        "burden": ahead.burden.median("draw").values.astype(float),
        "cells_left": ahead.cells_left.median("draw").values.astype(float),
        "relapse": mean.relapse.values,
        "clears": mean.clears.values,
        "nadir_day_anc": ahead.nadir_day.sel(lineage="ANC").median("draw").values,
        "nadir_day_plt": ahead.nadir_day.sel(lineage="PLT").median("draw").values,
        "dose_mg": ahead.dose_mg.values,
        "delay_d": ahead.delay_d.values,
    }
    return pd.DataFrame(columns, index=pd.Index(ahead.option.values, name="option"))


def _misses(row: pd.Series, acceptable: Acceptable) -> str:
    broken = []
    if row.ready < acceptable.ready:
        broken.append(f"ready {row.ready:.0%}, below {acceptable.ready:.0%}")
    for name, words in (("long_grade4", "long grade 4"), ("unrecovered", "not recovered")):
        limit = getattr(acceptable, name)
        if row[name] > limit:
            broken.append(f"{words} {row[name]:.0%}, above {limit:.0%}")
    if row.burden > acceptable.burden:
        broken.append(f"clonal burden {row.burden:.2f}, above {acceptable.burden:g}")
    return "; ".join(broken)


def _order(fine: pd.DataFrame, acceptable: Acceptable) -> np.ndarray:
    risk = (fine.long_grade4 + fine.unrecovered).to_numpy()
    cells = fine.burden.to_numpy()
    dose, delay = fine.dose_mg.to_numpy(), fine.delay_d.to_numpy()
    if acceptable.aim == "lowest risk":
        return np.lexsort((dose, delay, cells, risk))
    near = cells <= cells.min() * (1 + acceptable.alike)
    return np.lexsort((dose, delay, risk, ~near))


def _because(fine: pd.DataFrame, best: str, acceptable: Acceptable, number: int) -> str:
    row = fine.loc[best]
    if acceptable.aim == "lowest risk":
        why = "the lowest probability of long grade 4 plus no recovery"
    else:
        why = f"the least clonal burden, or within {acceptable.alike:.0%} of it at lower risk"
    return (
        f"{len(fine)} of {number} options keep all limits; it has {why}: mean clonal cells "
        f"ahead {row.burden:.2f} of now, P(ready on day 1) {row.ready:.0%}, P(long grade 4) "
        f"{row.long_grade4:.0%}, P(not recovered) {row.unrecovered:.0%}."
    )


def _cautions(
    ahead: xr.Dataset, table: pd.DataFrame, acceptable: Acceptable, draws: int
) -> tuple[str, ...]:
    said = [str(ahead.attrs["status"]), f"Posterior by {ahead.attrs['method']}, {draws} draws."]
    close = []
    for name in ("ready", "long_grade4", "unrecovered"):
        p = table[name].to_numpy()
        error = np.sqrt(np.maximum(p * (1 - p), 0.25 / draws) / draws)
        if (np.abs(p - getattr(acceptable, name)) < 2 * error).any():
            close.append(name)
    if close:
        said.append(
            f"Some options lie within two Monte Carlo errors of a limit ({', '.join(close)}): "
            "more draws may move them."
        )
    said.append(
        "Infection, transfusion and growth factors are not in the model; limits are chosen, not "
        "those of a protocol."
    )
    return tuple(said)
