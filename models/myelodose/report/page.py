"""What a run leaves behind: the record of how it was made, and the page to read."""

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from myelodose.packages import package_versions
from myelodose.paths import shown
from myelodose.report.parameters import parameters_of


def record_run(
    executed: nbformat.NotebookNode, path: Path, source: nbformat.NotebookNode, values: dict
) -> None:
    """Write into the executed notebook what made it: metadata for machines, a cell for people."""
    parameters = {
        name: values.get(name, parameter.default)
        for name, parameter in parameters_of(source, shown(path)).items()
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


EXPLORER = "explorer"
"""Tag of cells with sliders, which need a kernel."""


def explores(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is for exploring in JupyterLab and not for a page."""
    return EXPLORER in cell.metadata.get("tags", [])


def page_of(executed: nbformat.NotebookNode, name: str, show_code: bool) -> str:
    """The executed notebook as one HTML page that needs nothing from elsewhere.

    Cells tagged "explorer" are left out: on a page there is no kernel that could draw.
    """
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
    shown = executed.copy()
    shown.cells = [cell for cell in executed.cells if not explores(cell)]
    html, _ = exporter.from_notebook_node(shown, resources={"metadata": {"name": name}})
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
