"""Where the data lie, in a checkout and in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def in_checkout() -> bool:
    """True when the package runs from a checkout of its repository."""
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "data" / "trials").is_dir()


def data_folder() -> Path:
    """The folder with `trials/` and `literature/`: `data/` of the checkout or of the wheel."""
    return _CHECKOUT / "data" if in_checkout() else _PACKAGE / "data"


def posteriors_folder() -> Path:
    """Where fitted posteriors go: `data/posteriors` of the checkout, else `./posteriors`."""
    return _CHECKOUT / "data" / "posteriors" if in_checkout() else Path.cwd() / "posteriors"


def reports_folder() -> Path:
    """Where executed notebooks go: `reports` of the checkout, else `./reports`."""
    return _CHECKOUT / "reports" if in_checkout() else Path.cwd() / "reports"


def shown(path: Path) -> str:
    """The path as a person would type it: relative to the working folder where it lies below."""
    resolved = Path(path).resolve()
    here = Path.cwd().resolve()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(resolved)
