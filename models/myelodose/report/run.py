"""Execute a notebook; a run that fails or is interrupted leaves the last good reports alone."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from myelodose.paths import reports_folder, shown
from myelodose.report.page import explores, page_of, record_run
from myelodose.report.parameters import Value, checked, parameters_of, read_notebook
from myelodose.report.put import put_whole


class NotebookError(RuntimeError):
    """A notebook that did not run to its end."""


@dataclass(frozen=True)
class Report:
    """An executed notebook, its page, and the text of its last code cell: the answer."""

    notebook: Path
    page: Path
    answer: str


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
    source = read_notebook(path)
    values = checked(parameters_of(source, shown(path)), given or {}, shown(path))
    folder = folder or reports_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = name or path.stem
    partial = folder / f".{name}.partial.ipynb"
    try:
        _execute(path, partial, values, folder / f"{name}.failed.ipynb")
        executed = nbformat.read(partial, as_version=4)
        answer = _answer(executed)
        record_run(executed, path, source, values)
        notebook, page = folder / f"{name}.ipynb", folder / f"{name}.html"
        put_whole({notebook: nbformat.writes(executed), page: page_of(executed, name, show_code)})
        (folder / f"{name}.failed.ipynb").unlink(missing_ok=True)
    finally:
        partial.unlink(missing_ok=True)
    return Report(notebook, page, answer)


def _execute(path: Path, partial: Path, values: dict[str, Value], failed: Path) -> None:
    try:
        papermill.execute_notebook(
            str(path),
            str(partial),
            parameters=values,
            language="python",
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
    """The text that the last code cell printed, but for an explorer's."""
    last = [cell for cell in executed.cells if cell.cell_type == "code" and not explores(cell)][-1]
    texts = []
    for output in last.outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif "text/plain" in output.get("data", {}):
            texts.append(output.data["text/plain"])
    return "".join(texts).strip()


def run_and_tell(path: Path, given: Mapping[str, Value], **options) -> Report:
    """`run_notebook` that says what it is doing; for the command line."""
    print(f"running {shown(path)} ...", flush=True)
    start = time.monotonic()
    report = run_notebook(path, given, **options)
    seconds = time.monotonic() - start
    print(f"\n{report.answer}\n\nreport: {shown(report.page)} ({seconds:.0f} s)\n", flush=True)
    return report
