"""What a design would do if: the next cohort's outcomes, a rule left out, another design."""

import dataclasses
import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.designs.base import Design
from myelodose.designs.call import Call
from myelodose.designs.finder import DoseFinder
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import shown
from myelodose.outcomes.notation import MEANING

NOW = "now"
THIS = "this design"


class Case(NamedTuple):
    """One further course of the trial.

    Attributes:
        name: "now", or the further cohorts in notation.
        seen: Outcomes with them.
        probability: Predictive probability of so many DLTs by the design's model; NaN if it has
            none, or for cohorts that were asked about.
    """

    name: str
    seen: Outcomes
    probability: float = float("nan")


@dataclasses.dataclass(frozen=True)
class WhatIf:
    """Calls of one or more designs in one or more further courses.

    Args:
        finders: The designs by name, the one asked about first.
        cases: The courses, "now" first.
        calls: The calls, [design][case].
    """

    finders: Mapping[str, DoseFinder]
    cases: tuple[Case, ...]
    calls: tuple[tuple[Call, ...], ...]

    def frame(self) -> pd.DataFrame:
        """One row a design and course: if, patients, dlts, probability, next, decision, because."""
        return pd.DataFrame([
            {
                "design": name,
                "if": case.name,
                "patients": len(case.seen),
                "dlts": int(case.seen.y.sum()),
                "probability": case.probability,
                "next": None if call.level is None else finder.labels[call.level],
                "decision": _decision(call, case.seen.last_level),
                "because": call.because,
            }
            for (name, finder), row in zip(self.finders.items(), self.calls, strict=True)
            for case, call in zip(self.cases, row, strict=True)
        ])  # fmt: skip

    def dataset(self) -> xr.Dataset:
        """Level, stop, wait and undecided by design and course; level -1 where there is none."""
        names = ("level", "stop", "wait", "undecided")
        read = {
            "level": lambda call: -1 if call.level is None else call.level,
            **{name: lambda call, name=name: getattr(call, name) for name in names[1:]},
        }
        dims = ("design", "if")
        values: dict[str, tuple] = {
            name: (dims, np.array([[read[name](call) for call in row] for row in self.calls]))
            for name in names
        }
        cases = [case.name for case in self.cases]
        values["probability"] = ("if", np.array([case.probability for case in self.cases]))
        return xr.Dataset(values, coords={"design": list(self.finders), "if": cases})

    def words(self) -> list[str]:
        """One sentence a design and course, and one for each rule that changes the call now."""
        said = []
        for (name, finder), row in zip(self.finders.items(), self.calls, strict=True):
            whose = "" if name == THIS else f" [{name}]"
            for case, call in zip(self.cases, row, strict=True):
                chance = "" if np.isnan(case.probability) else f" (P = {case.probability:.2f})"
                start = "Now" if case.name == NOW else f"If {case.name}{chance}"
                said.append(f"{start}{whose}: {_said(call, finder, case.seen)}.")
            said += [
                f"Without '{reason.rule}'{whose}, now: {reason.without}."
                for reason in row[0].reasons
                if reason.without
            ]
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and text, ready for JSON."""
        rows = [
            {str(name): None if pd.isna(value) else value for name, value in row.items()}
            for row in self.frame().astype(object).to_dict("records")
        ]
        return {"rows": rows, "words": self.words()}

    def __str__(self) -> str:
        """The sentences."""
        return "\n".join(self.words())

    def _repr_html_(self) -> str:
        """For notebooks: the table, and the sentences below it."""
        rows = self.frame().drop(columns="because")
        table = rows.to_html(index=False, float_format="{:.3f}".format)
        said = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in self.words())
        return f"{table}<ul>{said}</ul>"


def what_if(
    design: DoseFinder,
    seen: Outcomes,
    cohorts: Sequence[str] | None = None,
    *,
    without: Sequence[str] = (),
    others: Mapping[str, DoseFinder] | None = None,
) -> WhatIf:
    """What a design says now, and would say after further cohorts, without a rule, or as another.

    Args:
        design: The design.
        seen: What was seen so far.
        cohorts: Further courses in the notation of `Outcomes`, each of one cohort or more, such as
            "20:NTT" or "20:NNT 20:NNN"; every number of DLTs in the next cohort if not given.
        without: Fields of the design to leave out, one at a time: those that may be None, such as
            "stop", "increments" or "extra_safe".
        others: Other designs at the same doses, by name.

    Returns:
        Calls by design and course, as table, dataset and words.

    Raises:
        InputError: If a cohort cannot be read or a field cannot be left out.

    Example:
        >>> from myelodose.designs.boin import Boin
        >>> seen = Outcomes.read("10:NNN 15:NNT", doses=(10, 15, 20))
        >>> print(what_if(Boin((10, 15, 20), 0.3), seen, ["15:NNT", "15:NTT"]))
        Now: stay at dose 15.
        If 15:NNT: stay at dose 15.
        If 15:NTT: de-escalate to dose 10.
    """
    finders = {THIS: design}
    finders |= {f"without {name}": _without(design, name) for name in without}
    finders |= dict(others or {})
    now = design.next(seen)
    if cohorts is None:
        further = _next_cohort(design, seen, now)
    else:
        further = [Case(text, _after(seen, text)) for text in cohorts]
    cases = (Case(NOW, seen), *further)
    calls = tuple(tuple(f.next(case.seen) for case in cases) for f in finders.values())
    return WhatIf(finders, cases, calls)


def _next_cohort(design: DoseFinder, seen: Outcomes, now: Call) -> list[Case]:
    """Every number of DLTs in the cohort that the design asks for, if it asks for one."""
    if now.stop or now.level is None:
        return []
    size, level = design.cohort_size, now.level
    if isinstance(design, Design):
        size = int(design.size(seen.n[None], seen.y[None], np.array([level]))[0])
    predict = getattr(design, "predictive", None)
    chance = [float("nan")] * (size + 1) if predict is None else predict(seen, level, size)
    letters = ["N" * (size - dlts) + "T" * dlts for dlts in range(size + 1)]
    return [
        Case(f"{shown(seen.doses[level])}:{part}", seen.add(level, part), float(p))
        for part, p in zip(letters, chance, strict=True)
    ]


def _after(seen: Outcomes, text: str) -> Outcomes:
    more = Outcomes.read(text, doses=seen.doses)
    if not len(more):
        raise InputError("what_if, cohorts", f"found {text!r}", "give a cohort, such as '20:NTT'")
    for cohort, part in _cohorts(more):
        seen = seen.add(cohort, part)
    return seen


def _cohorts(outcomes: Outcomes) -> list[tuple[int, str]]:
    """Level and letters of each cohort."""
    letter = {value: key for key, value in MEANING.items()}
    effects = outcomes.efficacy or (0,) * len(outcomes)
    found: dict[int, tuple[int, str]] = {}
    for patient, cohort in enumerate(outcomes.cohort):
        dlt = outcomes.dlt[patient]
        known = (dlt, None if dlt is None else effects[patient])
        before = found.get(cohort, (0, ""))[1]
        found[cohort] = (outcomes.level[patient], before + letter[known])
    return list(found.values())


def _without(design: DoseFinder, name: str) -> DoseFinder:
    fields = dataclasses.fields(design) if dataclasses.is_dataclass(design) else ()
    optional = [field.name for field in fields if field.default is None]
    if name not in optional:
        found = f"found '{name}' of {type(design).__name__}"
        remedy = f"give one of {', '.join(optional) or 'none'}, or others={{...}}"
        raise InputError("what_if, without", found, remedy)
    return dataclasses.replace(design, **{name: None})  # pyrefly: ignore


def _decision(call: Call, last: int | None) -> str:
    if call.stop:
        return "stop"
    if call.level is None:
        return "undecided"
    if call.wait:
        return "wait"
    if last is None:
        return "start"
    moves = {0: "stay", 1: "escalate", -1: "de-escalate"}
    return moves[int(np.sign(call.level - last))]


def _said(call: Call, finder: DoseFinder, seen: Outcomes) -> str:
    decision = _decision(call, seen.last_level)
    if decision == "stop":
        chosen = "no dose" if call.level is None else finder.name(call.level)
        return f"stop, with {chosen} recommended"
    if call.level is None:
        return "undecided: the numerical error reaches across a limit"
    link = {"stay": "at", "wait": "before", "start": "at"}.get(decision, "to")
    return f"{decision} {link} {finder.name(call.level)}"
