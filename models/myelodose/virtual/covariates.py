"""Covariates of virtual patients: what is printed for the trial's patients, the rest drawn.

Creatinine clearance, body-surface area and prior therapy are printed for nobody, TP53 is unknown in
two of the nineteen rows, and the twentieth patient has no row at all. Those values are drawn from
the distributions below; a variable's attribute `source` says which it is. They are SIMULATED.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.marrow.labelled import SIMULATED
from myelodose.trial import load_trial

CREATININE_CLEARANCE_ML_PER_MIN = (77.9, 0.40, 20.2, 231.0)
"""Median, sd of the logarithm, lowest, highest [mL/min]: median and range of 720 patients with
myeloma (Srimani 2022 in data/literature/pd_parameters.csv); the range of 720 is about 3 sd wide on
each side, which gives the sd."""

BODY_SURFACE_AREA_M2 = (1.8, 0.2, 1.5, 2.3)
"""Mean, sd, lowest, highest [m2] of 15 patients (Guglieri-Lopez 2017, pk_parameters.csv)."""

TP53_MUTATED, COMPLEX, ISOLATED, UNTREATED = 11 / 17, 16 / 20, 3 / 20, 9 / 20
"""Shares in the trial (facts F30, F35, F34, F36), for patients who are drawn."""

LOSS_OF_17P_IF_MUTATED = 0.5
"""CHOSEN: share with 17p loss among patients with a TP53 mutation who are drawn; in the printed
karyotypes it is inferred in 5 of 11."""

TWENTIETH_CYCLES = 1
"""CHOSEN within "1 or 2", which fact F60 infers for the patient without a row."""

_LOSS = re.compile(r"-17\b|der\(17\)\s?t\([^)]*\)\([^)]*p1[123]|dic\(1[67];1[67]\)\([^)]*p1[123]")


def drawn_covariates(seed: int, patients: int) -> xr.Dataset:
    """Covariates of patients like those of the trial, none of them real.

    Args:
        seed: Seed.
        patients: How many.

    Returns:
        By patient: `creatinine_clearance_ml_per_min`, `body_surface_area_m2`, `tp53_mutated`,
        `loss_of_17p`, `karyotype` ("isolated", "one more" or "complex") and `untreated`.

    Raises:
        InputError: If there is no patient.

    Example:
        >>> dict(drawn_covariates(1, 5).sizes)
        {'patient': 5}
    """
    if patients < 1:
        raise InputError("drawn_covariates, patients", f"found {patients}", "give at least 1")
    random = np.random.default_rng(seed)
    mutated = random.random(patients) < TP53_MUTATED
    kind = random.choice(3, patients, p=[ISOLATED, 1 - ISOLATED - COMPLEX, COMPLEX])
    data = {
        **_body(random, patients),
        "tp53_mutated": ("patient", mutated, {"source": "drawn, F30: 11 of 17"}),
        "loss_of_17p": (
            "patient",
            mutated & (random.random(patients) < LOSS_OF_17P_IF_MUTATED),
            {"source": "drawn, chosen share among TP53-mutated patients"},
        ),
        "karyotype": (
            "patient",
            np.array(["isolated", "one more", "complex"])[kind],
            {"source": "drawn, F34 and F35"},
        ),
        "untreated": (
            "patient",
            random.random(patients) < UNTREATED,
            {"source": "drawn, F36: 9 of 20; who they are is not printed"},
        ),
    }
    return xr.Dataset(data, {"patient": np.arange(1, patients + 1)}, {"status": SIMULATED})


def trial_covariates(seed: int) -> xr.Dataset:
    """The trial's 20 patients: printed values where there are any, the rest drawn.

    Patient 20 has no row in the paper; he is drawn, and in cohort IV because six were treated there
    and five have rows (F60, an inference).

    Args:
        seed: Seed of what is drawn.

    Returns:
        As `drawn_covariates`, and `dose_mg` (printed), `induction_cycles`, `maintenance_cycles`
        and `age_years` (NaN for patient 20).

    Example:
        >>> trial_covariates(1).dose_mg.values[[0, 14, 19]].tolist()
        [10.0, 25.0, 25.0]
    """
    data, table = drawn_covariates(seed, 20), _table_1()
    known = table.tp53_known
    mutated, loss = data.tp53_mutated.values.copy(), data.loss_of_17p.values.copy()
    kind = data.karyotype.values.copy()
    rows = len(known)
    mutated[:rows] = np.where(known, table.mutated, mutated[:rows])
    loss[:rows], kind[:rows] = table.loss_of_17p, table.karyotype
    printed = {
        "tp53_mutated": (mutated, "printed for 17; drawn for patients 3, 11 and 20"),
        "loss_of_17p": (loss, "inferred from the printed karyotype; drawn for patient 20"),
        "karyotype": (kind, "printed; drawn for patient 20"),
        "dose_mg": (table.dose_mg, "printed; patient 20 inferred, F60"),
        "induction_cycles": (table.induction_cycles, "printed; patient 20 chosen"),
        "maintenance_cycles": (table.maintenance_cycles, "printed; patient 20 chosen"),
        "age_years": (table.age_years, "printed"),
    }
    for name, (values, source) in printed.items():
        data[name] = ("patient", values, {"source": source})
    data["untreated"] = ("patient", _nine_of_twenty(seed), data.untreated.attrs)
    return data


class _Table1(NamedTuple):
    """What is printed; the first four for the 19 rows, the rest with the twentieth patient."""

    tp53_known: np.ndarray
    mutated: np.ndarray
    loss_of_17p: np.ndarray
    karyotype: np.ndarray
    dose_mg: np.ndarray
    induction_cycles: np.ndarray
    maintenance_cycles: np.ndarray
    age_years: np.ndarray


@lru_cache(maxsize=1)
def _table_1() -> _Table1:
    """Read once: a replay asks for it thousands of times."""
    trial = load_trial("platzbecker2013")
    words = [str(text) for text in trial.cytogenetics_additional_to_del5q.values]
    return _Table1(
        trial.tp53.values != "not evaluable",
        trial.tp53.values == "mutated",
        np.array([loses_17p(text) for text in words]),
        np.array([karyotype_kind(text) for text in words]),
        _with(trial.len_dose_mg.values, 25.0),
        _with(trial.induction_cycles.values, TWENTIETH_CYCLES),
        _with(trial.maintenance_cycles.values, 0),
        _with(trial.age_years.values.astype(float), np.nan),
    )


def loses_17p(karyotype: str) -> bool:
    """Whether a printed karyotype loses 17p: monosomy 17, or an unbalanced break in 17p11-13.

    An inference of ours: the paper prints "17p loss" for patient 13 only. Deletions of unknown
    band ("del(17)(q?)") and a break in 17q do not count.

    Args:
        karyotype: As printed in Table 1.

    Example:
        >>> loses_17p("der(17)t(5;17)(q13;p13)"), loses_17p("+17p, +8")
        (True, False)
    """
    return bool(_LOSS.search(karyotype.replace("- 17", "-17")))


def karyotype_kind(additional: str) -> str:
    """The karyotype by its aberrations besides del(5q): "isolated", "one more" or "complex".

    Args:
        additional: As printed in Table 1; "None" for none.

    Example:
        >>> karyotype_kind("None"), karyotype_kind("r(11)hrs(11)(q23)"), karyotype_kind("+11, -17")
        ('isolated', 'one more', 'complex')
    """
    if additional == "None":
        return "isolated"
    return "complex" if "," in additional or "del" in additional else "one more"


def _with(values: np.ndarray, last: float) -> np.ndarray:
    return np.concatenate([values, [last]])


def _nine_of_twenty(seed: int) -> np.ndarray:
    """Nine of the first nineteen, because all nine untreated were evaluable (F16)."""
    chosen = np.random.default_rng([seed, 9]).choice(19, 9, replace=False)
    return np.isin(np.arange(20), chosen)


def _body(random: np.random.Generator, patients: int) -> dict:
    median, sd, low, high = CREATININE_CLEARANCE_ML_PER_MIN
    clearance = np.clip(median * np.exp(sd * random.standard_normal(patients)), low, high)
    mean, spread, least, most = BODY_SURFACE_AREA_M2
    area = np.clip(mean + spread * random.standard_normal(patients), least, most)
    renal = {"units": "mL/min", "source": "drawn, Srimani 2022; not printed"}
    size = {"units": "m2", "source": "drawn, Guglieri-Lopez 2017; not printed"}
    return {
        "creatinine_clearance_ml_per_min": ("patient", clearance, renal),
        "body_surface_area_m2": ("patient", area, size),
    }
