"""The parameters of a notebook: read from its parameters cell, and checked before a run."""

import ast
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from myelodose.errors import InputError
from myelodose.paths import shown

type Value = int | float | str | bool

_KINDS = {"int": int, "float": float, "str": str, "bool": bool}
_EXAMPLES = {"int": "4", "float": "0.33", "str": "platzbecker2013", "bool": "true or false"}


@dataclass(frozen=True)
class Parameter:
    """One annotated literal of a notebook's parameters cell."""

    name: str
    kind: str
    default: Value
    help: str


def notebook_parameters(path: Path | str) -> dict[str, Parameter]:
    """The parameters of a notebook, from the cell tagged `parameters`.

    Args:
        path: A notebook whose parameters are annotated literals, such as
            `target_dlt: float = 0.33  # highest acceptable DLT risk`.

    Raises:
        InputError: If there is no such notebook or cell, or a line is no annotated literal.
    """
    return parameters_of(read_notebook(Path(path)), shown(Path(path)))


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """A notebook whose kernel is there without registering one.

    Raises:
        InputError: If it is missing, no notebook, or names another kernel.
    """
    place = shown(path)
    if not path.is_file():
        raise InputError(place, "there is no such notebook", "check the path")
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as problem:
        raise InputError(place, f"this is no notebook ({problem})", "give an .ipynb file") from None
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        raise InputError(
            place,
            f"found the kernel {kernel!r}",
            "set the kernelspec name to 'python3', which is there without registering a kernel",
        )
    return notebook


def parameters_of(notebook: nbformat.NotebookNode, place: str) -> dict[str, Parameter]:
    """As `notebook_parameters`, of a notebook that was read already."""
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise InputError(place, f"found {len(cells)} cells tagged 'parameters'", "tag one cell so")
    source = cells[0].source
    lines = source.splitlines()
    found = {}
    for statement in ast.parse(source).body:
        line = lines[statement.lineno - 1]
        parameter = _parameter(statement, line)
        if parameter is None:
            raise InputError(
                f"{place}, parameters cell, line {statement.lineno}",
                f"found '{line}'",
                "write 'name: int | float | str | bool = literal', for instance 'seed: int = 1'",
            )
        found[parameter.name] = parameter
    return found


def _parameter(statement: ast.stmt, line: str) -> Parameter | None:
    """The parameter that a statement declares, or None if it declares none."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=kind), value=value):
            if kind not in _KINDS or value is None:
                return None
            try:
                default = ast.literal_eval(value)
            except ValueError:
                return None
            _, _, comment = line.partition("#")
            return Parameter(name, kind, default, comment.strip())
        case _:
            return None


def checked(
    known: dict[str, Parameter], given: Mapping[str, Value], place: str
) -> dict[str, Value]:
    """The given parameters, each in its type.

    Raises:
        InputError: If a name is unknown or a value of the wrong type.
    """
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            raise InputError(
                place, f"found no parameter '{name}'", f"{hint}it has {', '.join(known)}"
            )
    return {name: _converted(known[name], value, place) for name, value in given.items()}


def _converted(parameter: Parameter, value: Value, place: str) -> Value:
    """The value in the parameter's type; text is read, other types must fit."""
    kind = _KINDS[parameter.kind]
    converted: Value | None = None
    if isinstance(value, str):
        converted = _from_text(parameter.kind, value)
    elif type(value) is kind or (kind is float and type(value) is int):
        converted = kind(value)
    if converted is None or (isinstance(converted, float) and not math.isfinite(converted)):
        raise InputError(
            f"{place}, parameter '{parameter.name}'",
            f"found {value!r}",
            f"give a value of type {parameter.kind}, such as {_EXAMPLES[parameter.kind]}",
        )
    return converted


def _from_text(kind: str, text: str) -> Value | None:
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower())
    try:
        return _KINDS[kind](text)
    except ValueError:
        return None
