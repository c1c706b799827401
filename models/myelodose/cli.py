"""The command line: `myelodose run`, `decide`, `report`, `facts` and `posterior`."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from myelodose.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Words after the program's name; those of the process if not given.

    Returns:
        Exit status: 0 done, 1 a notebook failed, 2 wrong input, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except InputError as problem:
        print(f"myelodose: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("myelodose: interrupted; what was stored before is untouched", file=sys.stderr)
        return 130
    except RuntimeError as problem:
        print(f"myelodose: {problem}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="myelodose",
        description="Bayesian dose finding for drug sequences that suppress the marrow.",
    )
    parser.add_argument("--version", action="version", version=f"myelodose {version('myelodose')}")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(verbs.add_parser("run", help="run a notebook with checked parameters"))
    _add_decide(verbs.add_parser("decide", help="recommend the next dose from a DLT table"))
    _add_report(verbs.add_parser("report", help="the next dose by simulated counts, on one page"))
    facts = verbs.add_parser("facts", help="recompute the facts of a published trial")
    facts.add_argument("--trial", default="platzbecker2013")
    facts.set_defaults(command=_facts)
    posterior = verbs.add_parser("posterior", help="check a stored posterior and describe it")
    posterior.add_argument("path", type=Path)
    posterior.set_defaults(command=_posterior)
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("notebook", type=Path)
    run.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a parameter of the notebook; repeat for more",
    )
    run.add_argument("--name", help="name of the reports (that of the notebook)")
    run.add_argument("--folder", type=Path, help="where the reports go (reports/)")
    run.add_argument("--code", action="store_true", help="show the code on the page too")
    run.set_defaults(command=_run)


def _add_decide(decide: argparse.ArgumentParser) -> None:
    decide.description = (
        "Recommend the next dose by exact quadrature of the two-parameter logistic model, or from "
        "a stored posterior. Without a table the published trial is used. The prior is that of "
        "lenalidomide unless --reference-dose is given."
    )
    decide.add_argument("table", nargs="?", type=Path, help="CSV: dose,n,dlt or dose,dlt [mg]")
    decide.add_argument("--doses", nargs="+", type=float, help="all dose levels [mg]")
    decide.add_argument("--target", type=float, default=0.33, help="highest acceptable DLT risk")
    decide.add_argument("--target-low", type=float, default=0.16, help="lower end of the target")
    decide.add_argument("--overdose-limit", type=float, default=0.25)
    decide.add_argument("--cohort-size", type=int, default=3)
    decide.add_argument("--reference-dose", type=float, help="another drug: reference dose [mg]")
    decide.add_argument(
        "--reference-risk", type=float, default=0.25, help="prior median DLT risk at that dose"
    )
    decide.add_argument("--posterior", type=Path, help="decide from stored draws (.nc or .zarr)")
    decide.add_argument(
        "--accept-failed",
        nargs="+",
        default=[],
        metavar="CHECK",
        help="convergence checks of the posterior whose failure is accepted, by name",
    )
    decide.set_defaults(command=_decide)


def _add_report(report: argparse.ArgumentParser) -> None:
    report.description = (
        "The next dose by simulated counts: benefit beside risk, optimal and maximum tolerated "
        "dose, on one page (decision.html) with decision.json beside it. Without a table the "
        "published trial is used. Everything simulated says so."
    )
    add = report.add_argument
    add("table", nargs="?", type=Path, help="CSV: dose,n,dlt or dose,dlt [mg]")
    add(
        "--count-failures",
        nargs="*",
        metavar="DOSE=NUMBER",
        help="DLTs of the table that were failures of the counts, such as 25=1",
    )
    add("--doses", nargs="+", type=float, help="doses to choose from [mg]")
    add(
        "--draws-from",
        metavar="SOURCE",
        help="typical values: calibrated (default), literature, or a posterior (.nc or .zarr)",
    )
    add("--seed", type=int, default=20130227)
    add("--draws", type=int, default=200, help="draws of the typical values")
    add("--patients", type=int, default=100, help="virtual patients of each draw")
    add("--cost-of-dlt", type=float, default=1.0, help="responses that one DLT costs")
    add("--overdose-limit", type=float, default=0.25)
    add("--accept-failed", nargs="+", default=[], metavar="CHECK", help="as for decide")
    add("--extrapolate", action="store_true", help="accept covariates a posterior has not seen")
    add("--again", type=Path, metavar="JSON", help="repeat the decision of a decision.json")
    add("--folder", type=Path, help="where the files go (reports/)")
    add("--name", default="", help="put before the names of both files")
    report.set_defaults(command=_report)


def _run(options: argparse.Namespace) -> None:
    from myelodose.report import run_and_tell

    given: dict[str, str] = {}
    for name, value in options.parameter:
        if name in given:
            raise InputError("-p", f"found '{name}' twice", "give each parameter once")
        given[name] = value
    run_and_tell(
        options.notebook, given, folder=options.folder, name=options.name, show_code=options.code
    )


def _decide(options: argparse.Namespace) -> None:
    from myelodose.decision import DecisionRule, decide
    from myelodose.posterior import DLT_LOGISTIC, load_posterior
    from myelodose.priors import standard_prior
    from myelodose.trial import dlt_counts, load_trial, read_dlt_table

    rule = DecisionRule(
        target_low=options.target_low,
        target_dlt=options.target,
        overdose_limit=options.overdose_limit,
        cohort_size=options.cohort_size,
    )
    prior = None
    if options.reference_dose is not None:
        prior = standard_prior(options.reference_dose, median_risk=options.reference_risk)
    counts = read_dlt_table(options.table) if options.table else dlt_counts(load_trial())
    posterior = None
    if options.posterior is not None:
        if prior is not None:
            raise InputError(
                "decide",
                "found --posterior and --reference-dose",
                "give one of them: a posterior brings its own prior",
            )
        posterior = load_posterior(options.posterior, model=DLT_LOGISTIC, data=counts)
    print(
        decide(
            counts,
            posterior=posterior,
            prior=prior,
            rule=rule,
            doses=options.doses,
            accept_failed=options.accept_failed,
        )
    )


def _report(options: argparse.Namespace) -> None:
    from myelodose.paths import reports_folder
    from myelodose.report.decision_command import run_report

    print(run_report(options, options.folder or reports_folder()))


def _facts(options: argparse.Namespace) -> None:
    from myelodose.trial import load_trial, recompute_facts

    facts = recompute_facts(load_trial(options.trial))
    for fact_id, row in facts.iterrows():
        print(f"{fact_id:4} {row.verdict:13} {row.quantity}")
        print(f"{'':18} printed: {row.printed}; recomputed: {row.recomputed}; {row.why}")
    count = facts.verdict.value_counts()
    print("\n" + ", ".join(f"{number} {verdict}" for verdict, number in count.items()))


def _posterior(options: argparse.Namespace) -> None:
    from myelodose.posterior import load_posterior, provenance

    record = provenance(load_posterior(options.path))
    print(f"model: {record.model.name} version {record.model.version}")
    print(f"data: {record.data_name}, hash {record.data_hash}")
    print(f"sampler: seed {record.seed}, {record.sampler}")
    print(f"made: {record.created} with {record.packages}")
    print(f"diagnostics: {record.diagnostics}")
