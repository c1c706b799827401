"""Several designs side by side, on one trial and over scenarios."""

from collections.abc import Mapping

import pandas as pd

from myelodose.decision.rule import DecisionRule
from myelodose.designs.base import Design
from myelodose.designs.belief_rules import too_toxic
from myelodose.designs.boin import Boin
from myelodose.designs.count_rules import enough_at
from myelodose.designs.i3plus3 import I3Plus3
from myelodose.designs.keyboard import Keyboard
from myelodose.designs.model_based import Blrm, Crm
from myelodose.designs.three_plus_three import ThreePlusThree
from myelodose.designs.tpi import Mtpi2
from myelodose.dose_models.skeleton import indifference_skeleton
from myelodose.outcomes import Outcomes
from myelodose.outcomes.labels import shown
from myelodose.priors import LogisticPrior


def usual_designs(
    doses: tuple[float, ...],
    *,
    target: float,
    prior: LogisticPrior,
    rule: DecisionRule | None = None,
    halfwidth: float = 0.06,
) -> dict[str, Design]:
    """The designs that a phase I protocol usually weighs, at one target.

    Args:
        doses: Dose levels [mg].
        target: Target DLT risk of the designs that have one.
        prior: Prior of the two-parameter logistic model.
        rule: Overdose control of that model.
        halfwidth: Half width of the indifference interval that gives the CRM's skeleton, the prior
            MTD being the level below the highest.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> from myelodose.priors import LENALIDOMIDE_PRIOR
        >>> list(usual_designs((10, 15, 20, 25), target=0.3, prior=LENALIDOMIDE_PRIOR))[:3]
        ['3+3', 'BOIN', 'keyboard']
    """
    guess = max(len(doses) - 1, 1)
    skeleton = indifference_skeleton(
        halfwidth, target, prior_mtd=guess - 1, levels=len(doses), curve="empiric"
    )
    return {
        "3+3": ThreePlusThree(doses),
        "BOIN": Boin(doses, target=target),
        "keyboard": Keyboard(doses, target=target),
        "mTPI-2": Mtpi2(doses, target=target),
        "i3+3": I3Plus3(doses, target=target),
        "BLRM, overdose control": Blrm(doses, prior=prior, rule=rule or DecisionRule()),
        "CRM, one parameter": Crm(doses, skeleton=tuple(skeleton.tolist()), target=target),
    }


def viola_design() -> Crm:
    """The CRM of VIOLA: azacitidine, then lenalidomide, after transplantation.

    Start at the third of seven levels, never skip upwards, never escalate above the target's DLT
    rate, stop if P(risk of the lowest level > 0.3) > 0.72 or after 12 patients at one level.

    Source:
        Craddock et al., J Clin Oncol 2019 (doi 10.1200/JCO.18.00889); Yap et al., Clin Cancer
        Res 2017 (doi 10.1158/1078-0432.CCR-17-0582) for dose-transition pathways.
    """
    return Crm(
        7,
        skeleton=(0.03, 0.07, 0.12, 0.2, 0.3, 0.4, 0.52),
        target=0.2,
        start=2,
        prior_sd=0.75**0.5,
        hold="above target",
        stop=too_toxic(above=0.3, limit=0.72, level=0, by="normal") | enough_at(patients=12),
    )


def replay(designs: Mapping[str, Design], outcomes: Outcomes) -> pd.DataFrame:
    """What each design would have said after every cohort of a trial, and selected at its end.

    Args:
        designs: Designs by name, over the doses of the trial.
        outcomes: The trial in order of treatment.

    Returns:
        One row a design: a column for each cohort with the next dose that the design gives after it
        ("stop" where it ends the trial), `selected`, the dose at the end, and `because`.

    Raises:
        InputError: If a design is over other doses.

    Example:
        >>> seen = Outcomes.read("1NNN 2NTT", doses=3)
        >>> replay({"BOIN": Boin(3, target=0.3)}, seen).loc["BOIN"].selected
        '1'
    """
    headings = [f"{number}: {text}" for number, text in enumerate(str(outcomes).split(), 1)]
    rows = {}
    for name, design in designs.items():
        calls = design.replay(outcomes)[1:]
        said = [_said(design, call.level, call.stop) for call in calls]
        final = design.select(outcomes)
        rows[name] = {
            **dict(zip(headings, said, strict=True)),
            "selected": "none" if final.level is None else shown(design.labels[final.level]),
            "because": final.because,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("design")


def _said(design: Design, level: int | None, stop: bool) -> str:
    if stop:
        return "stop" if level is None else f"stop at {shown(design.labels[level])}"
    return "undecided" if level is None else shown(design.labels[level])


def reasons(designs: Mapping[str, Design], outcomes: Outcomes) -> pd.DataFrame:
    """The numbers that each design held against its limits after the last cohort.

    Args:
        designs: Designs by name.
        outcomes: What was seen.

    Returns:
        One row for each design and rule: `rule`, `value`, `limit`, `error`, `verdict`, `without`,
        what the decision would have been without it.
    """
    rows = [
        {"design": name, **reason._asdict()}
        for name, design in designs.items()
        for reason in design.next(outcomes).reasons
    ]
    return pd.DataFrame(rows).set_index("design")
