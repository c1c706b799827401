"""The data set of the R package vpc, and a small hierarchical model with a known answer."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT


class Simple(NamedTuple):
    table: pd.DataFrame
    times: np.ndarray
    observed: np.ndarray
    simulated: np.ndarray
    prediction: np.ndarray


@pytest.fixture(scope="session")
def simple():
    """simple_data of the R package vpc (MIT), simulated by its authors."""
    table = pd.read_csv(ROOT / "tests/reference/vpc/simple.csv.gz")
    simulated = table.filter(like="SIM").to_numpy().T
    return Simple(
        table, table.TIME.to_numpy(), table.DV.to_numpy(), simulated, table.PRED.to_numpy()
    )
