"""The observations of an event table: values, what they are of, and what censors them."""

from collections.abc import Mapping

import numpy as np

from myelodose.errors import InputError
from myelodose.records.doses import OBSERVATION, is_dose
from myelodose.records.sheet import Sheet
from myelodose.records.source import label

LEFT, RIGHT = 1, -1
"""CENS: below the limit that DV gives, and above it."""


def read_values(
    sheet: Sheet, data: Mapping[str, np.ndarray], observed: Mapping[str, str] | str | None
) -> dict[str, np.ndarray]:
    """The observation columns [record].

    Args:
        sheet: The table; takes the faults.
        data: The dosing columns.
        observed: Names for the values of DVID, or one name if the table has no DVID.

    Returns:
        `value`, `observed`, `censored`, `limit`, `lower`, `upper` and `trials`.
    """
    value = sheet.numbers("DV")
    censored = sheet.choices("CENS", (0, LEFT, RIGHT), 0)
    counts = _counts(sheet, data["evid"], value, censored)
    censored = np.where(counts, censored, 0)
    value = np.where(counts, value, np.nan)
    value, limit, far = _limits(sheet, value, censored)
    seen = counts & np.isfinite(value)
    kind = _kinds(sheet, data["compartment"], seen, observed)
    return {
        "value": value,
        "observed": np.where(seen, kind, "").astype(object),
        "censored": np.where(seen, censored, 0),
        "limit": np.where(seen, limit, np.nan),
        "lower": np.where(seen & (censored == LEFT), far, np.nan),
        "upper": np.where(seen & (censored == RIGHT), far, np.nan),
        "trials": np.where(seen, _trials(sheet, value), 0),
    }


def _trials(sheet: Sheet, value: np.ndarray) -> np.ndarray:
    """Of how many a counted value is; 0 where nothing is counted."""
    trials = sheet.whole("TRIALS", 0, least=0)
    more = (trials > 0) & ((value > trials) | (value < 0))
    sheet.fault("more than were counted", more, "DV", "give a count from 0 to TRIALS")
    return trials


def _counts(sheet: Sheet, evid: np.ndarray, value: np.ndarray, censored: np.ndarray) -> np.ndarray:
    """Which records hold a value that counts: EVID 0 without MDV 1."""
    mdv, plain = sheet.choices("MDV", (0, 1), -1), evid == OBSERVATION
    sheet.fault("MDV 0 without an observation", ~plain & (mdv == 0), "MDV", "give 1, or EVID 0")
    stray = is_dose(evid) & np.isfinite(value) & (value != 0)
    remedy = "give the dose and the observation a row each"
    sheet.fault("value on a dose", stray, "DV", remedy)
    counts = plain & (mdv != 1)
    # A value below the limit may be empty where a column names the limit.
    bounded = (censored == LEFT) & (sheet.given("LLOQ") | sheet.given("LIMIT"))
    remedy = "give the value, MDV 1 for a time without one, or EVID 2"
    # Without the column the observations are times to predict at.
    empty = counts & ~sheet.given("DV") & ~bounded & sheet.has("DV")
    sheet.fault("value missing", empty, "DV", remedy)
    return counts


def _limits(
    sheet: Sheet, value: np.ndarray, censored: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bound of a censored value in its place, the limit of quantification, the far limit.

    LIMIT is the far end of the interval in Monolix. Tables that give it beside every value mean
    the limit of quantification: so it is read unless a value below the limit lies above LIMIT.
    """
    lloq, far = sheet.numbers("LLOQ"), np.full(sheet.count, np.nan)
    left, right = censored == LEFT, censored == RIGHT
    if sheet.has("LIMIT"):
        other = sheet.numbers("LIMIT")
        if sheet.has("LLOQ") or (left & (other < value)).any() or (right & (other > value)).any():
            far = np.where(censored != 0, other, np.nan)
        else:
            lloq = other
    below = (censored == 0) & (value < lloq)
    remedy = "give CENS 1 and the limit in DV, or correct the value or the limit"
    sheet.fault("below the limit without CENS", below, "DV", remedy)
    named = left & np.isfinite(lloq)
    beyond = named & (value > lloq)
    sheet.fault("censored value above its limit", beyond, "DV", "give the limit, or CENS 0")
    bound = np.where(named, lloq, value)
    _check_bounds(sheet, censored, bound, far)
    return bound, np.where(censored != 0, bound, lloq), far


def _check_bounds(sheet: Sheet, censored: np.ndarray, bound: np.ndarray, far: np.ndarray) -> None:
    given = sheet.given("LLOQ") | sheet.given("LIMIT")
    none = (censored == LEFT) & ((bound == 0) | (np.isnan(bound) & given))
    remedy = "give the limit of quantification in DV or in a column LLOQ"
    sheet.fault("censored without a limit", none, "DV", remedy)
    empty = ((censored == LEFT) & (far >= bound)) | ((censored == RIGHT) & (far <= bound))
    remedy = "give the other end of the interval: below DV with CENS 1, above it with CENS -1"
    sheet.fault("empty interval", empty, "LIMIT", remedy)


def _kinds(
    sheet: Sheet,
    compartment: np.ndarray,
    seen: np.ndarray,
    observed: Mapping[str, str] | str | None,
) -> np.ndarray:
    """What each value is of: DVID, else CMT where several are observed, else one name."""
    if sheet.has("DVID"):
        column, kinds = "DVID", np.array([label(text) for text in sheet.text("DVID")], dtype=object)
        sheet.fault("nothing there", seen & (kinds == ""), "DVID", "say what was observed")
    else:
        several = len(set(compartment[seen].tolist())) > 1
        column, kinds = "CMT", (compartment if several else np.ones(sheet.count, int)).astype(str)
    if observed is None:
        return kinds.astype(object)
    there = sorted(set(kinds[seen].tolist()) - {""})
    if isinstance(observed, str):
        if len(there) > 1:
            remedy = f"give a mapping with the keys {', '.join(there)}"
            raise InputError("read_records, observed", f"found one name {observed!r}", remedy)
        return np.full(sheet.count, observed, dtype=object)
    names = {label(str(key)): name for key, name in observed.items()}
    known = np.array([kind in names for kind in kinds], dtype=bool)
    remedy = f"add it to observed, which names {', '.join(names)}"
    sheet.fault("unknown DVID", seen & ~known & (kinds != ""), column, remedy)
    return np.array([names.get(kind, kind) for kind in kinds], dtype=object)
