"""What the columns of an event table are called, in NM-TRAN and in Monolix."""

import difflib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from myelodose.errors import InputError
from myelodose.records.faults import Report
from myelodose.records.source import Source
from myelodose.tables import missing_column

NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ID": ("SUBJECT IDENTIFIER",),
        "TIME": (),
        "AMT": ("AMOUNT",),
        "DV": ("Y", "OBSERVATION"),
        "EVID": ("EVENT ID",),
        "MDV": ("MISSING DEPENDENT VARIABLE",),
        "CMT": ("ADM", "ADMINISTRATION ID"),
        "RATE": ("INFUSION RATE",),
        "TINF": ("INFUSION DURATION", "DUR"),
        "ADDL": ("ADDITIONAL DOSES",),
        "II": ("INTERDOSE INTERVAL",),
        "SS": ("STEADY STATE",),
        "DVID": ("YTYPE", "OBSID", "OBSERVATION ID", "OBSERVATION TYPE"),
        "OCC": ("OCCASION",),
        "CENS": ("BLQ", "BLOQ", "CENSORING"),
        "LLOQ": ("LOQ",),
        "LIMIT": (),
        "TRIALS": (),
    }
)
"""The names used here, those of NM-TRAN where it has one, and what else they are called."""

DATES = ("DATE", "DAT1", "DAT2", "DAT3")

_STANDARD = {other: name for name, others in NAMES.items() for other in (name, *others)}


def match_columns(
    source: Source, given: Mapping[str, str] | None, report: Report
) -> dict[str, str]:
    """The column of the table for each standard name that it has.

    Args:
        source: The table.
        given: Columns by standard name, where they are called otherwise.
        report: Takes the faults that leave the table readable.

    Returns:
        Standard name to name in the table.

    Raises:
        InputError: If ID, TIME or DV is missing, or two columns mean the same.
    """
    found = _given(source, given or {})
    taken = set(found.values())
    for column in source.columns:
        standard = _STANDARD.get(_plain(column))
        if standard is None or column in taken or standard in (given or {}):
            continue
        if standard in found:
            place = f"{source.file}, columns '{found[standard]}' and '{column}'"
            remedy = f"rename one, or say which with columns={{'{standard}': ...}}"
            raise InputError(place, f"both mean {standard}", remedy)
        found[standard] = column
    needed = ("ID", "TIME", "DV")
    missing = [name for name in needed if name not in found and not _may_lack(name, report)]
    for name in missing:
        listed = ", ".join(source.columns)
        report.add("column missing", 0, name, listed, _rename(name, source.columns))
    if missing:
        report.close()
    for column in source.columns:
        if _plain(column) in DATES and column not in taken:
            remedy = "give TIME in hours since the first record of the patient, and drop the dates"
            report.add("clock time", 0, column, column, remedy)
    return found


def further_columns(
    source: Source, found: Mapping[str, str], wanted: Iterable[str] | None, report: Report
) -> tuple[str, ...]:
    """The covariates: those named, or every further column.

    Raises:
        InputError: If one that is named is not there.
    """
    if wanted is not None:
        wanted = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        for name in wanted:
            if name not in source.columns:
                raise missing_column(source.file, tuple(source.columns), name)
        return wanted
    used = set(found.values())
    others = [c for c in source.columns if c not in used and _plain(c) not in DATES]
    for column in others:
        near = _misspelt(column)
        if near is not None and near not in found:
            remedy = f"rename it, or say that it is a covariate with covariates=['{column}']"
            report.add(f"looks like {near}", 0, column, column, remedy)
    return tuple(others)


def _given(source: Source, given: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for standard, column in given.items():
        if standard not in NAMES:
            turned = column in NAMES and standard in source.columns
            remedy = f"turn it round: {{'{column}': '{standard}'}}" if turned else _known(standard)
            raise InputError("read_records, columns", f"found the key {standard!r}", remedy)
        if column not in source.columns:
            raise missing_column(source.file, tuple(source.columns), column)
        found[standard] = column
    return found


def _may_lack(name: str, report: Report) -> bool:
    """A table without values is one of doses, if that is meant."""
    return name == "DV" and "patient without observations" in report.allow


_ELSEWHERE = {
    "ID": ("SUBJECT", "PATIENT", "SUBJ", "USUBJID"),
    "TIME": ("HOURS", "HOUR", "DAY"),
    "DV": ("CONC", "CONCENTRATION", "CP", "VALUE"),
}
"""What people call a column, and no program does: a hint, never a guess."""


def _rename(name: str, columns: Iterable[str]) -> str:
    plain = [_plain(column) for column in columns]
    near = [other for other in _ELSEWHERE[name] if other in plain]
    near = near or difflib.get_close_matches(name, plain, 1, 0.5)
    own = [column for column in columns if near and _plain(column) == near[0]]
    return f"rename '{own[0]}', or say columns={{'{name}': '{own[0]}'}}" if own else "add it"


def _known(name: str) -> str:
    near = difflib.get_close_matches(str(name).upper(), list(NAMES), 1, 0.5) or list(NAMES)
    return f"name one of {', '.join(near)}"


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]+", " ", name.strip().upper())


def _misspelt(column: str) -> str | None:
    """The name that was meant where two letters changed places, or one is too many or too few.

    Only names of four letters or more are compared by nearness: RACE is no RATE.
    """
    plain = _plain(column)
    for name in NAMES:
        if len(name) > 2 and sorted(plain) == sorted(name) and plain != name:
            return name
    # A covariate TRIAL names the trial.
    long = [name for name in NAMES if len(name) > 3 and name != "TRIALS"]
    near = difflib.get_close_matches(plain, long, 1, 0.85)
    return near[0] if near else None
