"""Run a notebook with checked parameters and keep what it found.

papermill takes a misspelt parameter or one of the wrong type and runs with the default; here both
are refused. A run that fails or is interrupted leaves the reports of the last good run alone.
"""

from myelodose.report.parameters import Parameter, notebook_parameters
from myelodose.report.run import NotebookError, Report, run_and_tell, run_notebook

__all__ = [
    "NotebookError",
    "Parameter",
    "Report",
    "notebook_parameters",
    "run_and_tell",
    "run_notebook",
]
