"""The doses of an event table: EVID, amounts, infusions, further doses, steady states."""

import numpy as np

from myelodose.records.sheet import Sheet
from myelodose.units import HOURS_PER_DAY

OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE = range(5)
"""EVID 0 to 4."""

MODELLED_RATE, MODELLED_DURATION = -1.0, -2.0
"""RATE that the model has to give: the rate itself, or the length of the infusion."""

TIME_UNITS = {"h": 1.0, "d": HOURS_PER_DAY}


def read_doses(sheet: Sheet, time_unit: str) -> dict[str, np.ndarray]:
    """The dosing columns as numbers [record], times in hours.

    Args:
        sheet: The table; takes the faults.
        time_unit: Unit of TIME, II and TINF, and of the time in RATE: "h" or "d".
    """
    hours = TIME_UNITS[time_unit]
    amount = sheet.numbers("AMT", 0.0)
    rate = sheet.numbers("RATE", 0.0)
    modelled = np.isin(rate, (MODELLED_RATE, MODELLED_DURATION))
    length = sheet.numbers("TINF", 0.0) * hours
    data = {
        "time_h": sheet.numbers("TIME") * hours,
        "evid": _evid(sheet, amount, rate),
        "amount": amount,
        "compartment": np.maximum(sheet.whole("CMT", 1, least=0), 1),
        "rate": np.where(modelled, rate, rate / hours),
        "additional": sheet.whole("ADDL", 0, least=0),
        "interval_h": sheet.numbers("II", 0.0) * hours,
        "steady_state": sheet.choices("SS", (0, 1, 2), 0),
    }
    _check_times(sheet, data)
    _check_infusions(sheet, data, length)
    _check_doses(sheet, data)
    with np.errstate(divide="ignore", invalid="ignore"):
        data["rate"] = np.where(length > 0, amount / length, data["rate"])
    return data


def is_dose(evid: np.ndarray) -> np.ndarray:
    """Which records are doses [record]."""
    return np.isin(evid, (DOSE, RESET_AND_DOSE))


def _evid(sheet: Sheet, amount: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """EVID, where it is not given 1 for a record with a dose and 0 for another.

    A record is one with a dose if AMT is not 0, or RATE and SS are not: the steady state of a
    constant infusion has no amount.
    """
    steady = sheet.given("SS") & ~np.isin(sheet.text("SS"), ("0", "0.0"))
    derived = np.where((amount != 0) | ((rate != 0) & steady), DOSE, OBSERVATION)
    if not sheet.has("EVID"):
        return derived
    empty = ~sheet.given("EVID")
    sheet.fault("nothing there", empty, "EVID", "give 0, 1, 2, 3 or 4, or leave the column out")
    # -9 stands for none of them.
    evid = sheet.choices("EVID", range(5), -9)
    return np.where(evid < 0, derived, evid)


def _check_times(sheet: Sheet, data: dict[str, np.ndarray]) -> None:
    remedy = "give hours from the first record of the patient on, 0 or more"
    sheet.fault("nothing there", ~sheet.given("TIME"), "TIME", remedy)
    sheet.fault("negative time", data["time_h"] < 0, "TIME", remedy)


def _check_infusions(sheet: Sheet, data: dict[str, np.ndarray], length: np.ndarray) -> None:
    rate, dose = data["rate"], is_dose(data["evid"])
    modelled = np.isin(rate, (MODELLED_RATE, MODELLED_DURATION))
    remedy = "give 0 for a bolus, a rate above 0, -1 (modelled rate) or -2 (modelled duration)"
    sheet.fault("unknown RATE", (rate < 0) & ~modelled, "RATE", remedy)
    sheet.fault("rate without a dose", ~dose & (rate != 0), "RATE", "give 0, or EVID 1 or 4")
    sheet.fault("negative duration", length < 0, "TINF", "give 0 for a bolus, or a length above 0")
    sheet.fault("duration without a dose", ~dose & (length > 0), "TINF", "give 0, or EVID 1 or 4")
    both = (rate != 0) & (length > 0)
    sheet.fault("rate and duration", both, "TINF", "give one of the two")
    nothing = dose & (data["amount"] == 0)
    endless = nothing & ((length > 0) | ((rate != 0) & (data["steady_state"] == 0)))
    remedy = "give the dose, or SS 1 for the steady state of a constant infusion"
    sheet.fault("infusion of nothing", endless, "AMT", remedy)


def _check_doses(sheet: Sheet, data: dict[str, np.ndarray]) -> None:
    amount, every, more = data["amount"], data["interval_h"], data["additional"]
    dose, steady = is_dose(data["evid"]), data["steady_state"] > 0
    constant = steady & (amount == 0) & ((data["rate"] > 0) | (data["rate"] == MODELLED_RATE))
    sheet.fault("negative dose", amount < 0, "AMT", "give the amount that was given, above 0")
    other = ~dose & (amount != 0)
    sheet.fault("dose without EVID 1 or 4", other, "AMT", "give EVID 1 or 4, or AMT 0")
    empty = dose & (amount == 0) & (data["rate"] == 0)
    sheet.fault("dose of nothing", empty, "AMT", "give an amount above 0, or EVID 2")
    sheet.fault("negative interval", every < 0, "II", "give the time between the doses")
    remedy = "give 0, or EVID 1 or 4"
    sheet.fault("further doses without a dose", ~dose & (more > 0), "ADDL", remedy)
    sheet.fault("steady state without a dose", ~dose & steady, "SS", remedy)
    alone = dose & (every == 0) & ((more > 0) | steady) & ~constant
    remedy = "give the time between the doses, above 0, with ADDL or SS"
    sheet.fault("interval missing", alone, "II", remedy)
    remedy = "give 0: the steady state of a constant infusion has no interval"
    sheet.fault("interval of a constant infusion", constant & (every > 0), "II", remedy)
    remedy = "give 0: a constant infusion has no further doses"
    sheet.fault("further doses of a constant infusion", constant & (more > 0), "ADDL", remedy)
