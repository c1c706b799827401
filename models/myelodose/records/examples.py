"""Published data as records, ready to be fitted."""

import xarray as xr

from myelodose.errors import InputError
from myelodose.paths import data_folder
from myelodose.records.read import read_records

_EXAMPLES: dict[str, dict] = {
    "theophylline": {"units": {"amount": "mg", "concentration": "mg/L", "WT": "kg"}},
    # Newborns went on to be dosed after the last sample.
    "phenobarbital": {
        "units": {"amount": "mg", "concentration": "mg/L", "WT": "kg"},
        "allow": ["dose after the last observation"],
    },
    "indometacin": {"units": {"amount": "doses", "concentration": "mg/L"}},
}


def example_records(name: str) -> xr.Dataset:
    """One of the published data sets of data/examples, whose sources stand in provenance.toml.

    Args:
        name: "theophylline", "phenobarbital" or "indometacin".

    Raises:
        InputError: If there is no such example.

    Example:
        >>> example_records("indometacin").sizes["record"]
        72
    """
    if name not in _EXAMPLES:
        known = ", ".join(_EXAMPLES)
        raise InputError("example_records, name", f"found {name!r}", f"give one of {known}")
    path = data_folder() / "examples" / f"{name}.csv"
    return read_records(path, observed="concentration", **_EXAMPLES[name])
