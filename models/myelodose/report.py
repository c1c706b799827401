"""Run a notebook with checked parameters and keep what it found.

papermill takes a misspelt parameter or one of the wrong type and runs with the default; here both
are refused. A run that fails or is interrupted leaves the reports of the last good run alone.
"""

import ast
import difflib
import hashlib
import math
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import papermill
from nbconvert import HTMLExporter
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from myelodose.errors import InputError
from myelodose.packages import package_versions
from myelodose.paths import reports_folder, shown

type Value = int | float | str | bool

_KINDS = {"int": int, "float": float, "str": str, "bool": bool}
_EXAMPLES = {"int": "4", "float": "0.33", "str": "platzbecker2013", "bool": "true or false"}


class NotebookError(RuntimeError):
    """A notebook that did not run to its end."""


@dataclass(frozen=True)
class Parameter:
    """One annotated literal of a notebook's parameters cell."""

    name: str
    kind: str
    default: Value
    help: str


@dataclass(frozen=True)
class Report:
    """An executed notebook, its page, and the text of its last code cell: the answer."""

    notebook: Path
    page: Path
    answer: str


def notebook_parameters(path: Path | str) -> dict[str, Parameter]:
    """The parameters of a notebook, from the cell tagged `parameters`.

    Args:
        path: A notebook whose parameters are annotated literals, such as
            `target_dlt: float = 0.33  # highest acceptable DLT risk`.

    Raises:
        InputError: If there is no such notebook or cell, or a line is no annotated literal.
    """
    return _parameters(_read(Path(path)), shown(Path(path)))


def run_notebook(
    path: Path | str,
    given: Mapping[str, Value] | None = None,
    *,
    folder: Path | None = None,
    name: str | None = None,
    show_code: bool = False,
) -> Report:
    """Execute a notebook, write it and an HTML page, and return its answer.

    Args:
        path: The notebook.
        given: Parameters by name; text is read as the type of the parameter.
        folder: Where the reports go; the reports folder if not given.
        name: Name of the reports; that of the notebook if not given.
        show_code: Show the code on the page too; the executed notebook always has it.

    Returns:
        Where the reports lie, and the answer.

    Raises:
        InputError: If a parameter is unknown or of the wrong type. Nothing is run then.
        NotebookError: If a cell fails. The failed notebook is kept beside the reports.
    """
    path = Path(path)
    source = _read(path)
    values = _checked(_parameters(source, shown(path)), given or {}, shown(path))
    folder = folder or reports_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = name or path.stem
    partial = folder / f".{name}.partial.ipynb"
    try:
        _execute(path, partial, values, folder / f"{name}.failed.ipynb")
        executed = nbformat.read(partial, as_version=4)
        answer = _answer(executed)
        _record(executed, path, source, values)
        notebook, page = folder / f"{name}.ipynb", folder / f"{name}.html"
        html = _page(executed, name, show_code)
        # Both are whole before either is put in place.
        _put(notebook, nbformat.writes(executed))
        _put(page, html)
        (folder / f"{name}.failed.ipynb").unlink(missing_ok=True)
    finally:
        partial.unlink(missing_ok=True)
    return Report(notebook, page, answer)


def _read(path: Path) -> nbformat.NotebookNode:
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


def _parameters(notebook: nbformat.NotebookNode, place: str) -> dict[str, Parameter]:
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


def _checked(
    known: dict[str, Parameter], given: Mapping[str, Value], place: str
) -> dict[str, Value]:
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


def _execute(path: Path, partial: Path, values: dict[str, Value], failed: Path) -> None:
    try:
        papermill.execute_notebook(
            str(path),
            str(partial),
            parameters=values,
            progress_bar=sys.stderr.isatty(),
            log_output=False,
            # Encrypt what kernel and runner say to each other where the kernel can.
            config=Config({"KernelManager": {"transport_encryption": "auto"}}),
        )
    except PapermillExecutionError as problem:
        partial.replace(failed)
        raise NotebookError(
            f"{shown(path)}: cell {problem.exec_count} failed with {problem.ename}: "
            f"{problem.evalue}; the failed notebook is {shown(failed)}"
        ) from None


def _answer(executed: nbformat.NotebookNode) -> str:
    """The text that the last code cell printed."""
    last = [cell for cell in executed.cells if cell.cell_type == "code"][-1]
    texts = []
    for output in last.outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif "text/plain" in output.get("data", {}):
            texts.append(output.data["text/plain"])
    return "".join(texts).strip()


def _record(
    executed: nbformat.NotebookNode, path: Path, source: nbformat.NotebookNode, values: dict
) -> None:
    """Write into the executed notebook what made it: metadata for machines, a cell for people."""
    parameters = {
        name: values.get(name, parameter.default)
        for name, parameter in _parameters(source, shown(path)).items()
    }
    record = {
        "notebook": path.name,
        "notebook_sha256": hashlib.sha256(nbformat.writes(source).encode()).hexdigest(),
        "parameters": parameters,
        "packages": package_versions() | {"python": sys.version.split()[0]},
        "executed": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    executed.metadata["myelodose"] = record
    lines = ["### How this report was made", "", "| | |", "|---|---|"]
    lines += [f"| notebook | `{path.name}`, SHA-256 `{record['notebook_sha256'][:12]}` |"]
    lines += [f"| executed | {record['executed']} |"]
    lines += [f"| parameter `{key}` | `{value!r}` |" for key, value in parameters.items()]
    packages = ", ".join(f"{key} {value}" for key, value in record["packages"].items())
    lines += [f"| packages | {packages} |"]
    executed.cells.append(nbformat.v4.new_markdown_cell("\n".join(lines)))


def _page(executed: nbformat.NotebookNode, name: str, show_code: bool) -> str:
    exporter = HTMLExporter(
        exclude_input=not show_code,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        # The page is whole without a network: nothing is fetched from elsewhere.
        mathjax_url="",
        require_js_url="",
        jquery_url="",
        mermaid_js_url="",
    )
    _describe_pictures(executed)
    html, _ = exporter.from_notebook_node(executed, resources={"metadata": {"name": name}})
    return html


def _describe_pictures(executed: nbformat.NotebookNode) -> None:
    """Give each picture the heading above it as its text for screen readers."""
    heading = ""
    for cell in executed.cells:
        titles = [line for line in cell.source.splitlines() if line.startswith("#")]
        if cell.cell_type == "markdown" and titles:
            heading = titles[-1].lstrip("# ")
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.metadata.setdefault("image/png", {})["alt"] = heading


def _put(path: Path, text: str) -> None:
    """Write a file in one step."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def run_and_tell(path: Path, given: Mapping[str, Value], **options) -> Report:
    """`run_notebook` that says what it is doing; for the command line."""
    print(f"running {shown(path)} ...", flush=True)
    start = time.monotonic()
    report = run_notebook(path, given, **options)
    seconds = time.monotonic() - start
    print(f"\n{report.answer}\n\nreport: {shown(report.page)} ({seconds:.0f} s)\n", flush=True)
    return report
