"""A forecast in a fresh process loads no NumPyro, ArviZ or matplotlib, and gives the same draws."""

import pytest

from conftest import run_python

HEAVY = """
import sys
heavy = {'numpyro', 'arviz', 'arviz_base', 'arviz_stats', 'arviz_plots', 'matplotlib'}
print(sorted(heavy & set(sys.modules)))
"""

CHEAP = """
from myelodose.forecast import Given, People, Reading, Seen, prior_of, recommend, update_dlt
from myelodose.population.examples import marrow_model
from myelodose.virtual import prior_draws
him = Seen((Given(0, 'azacitidine', 135.0),), (Reading(0, 'ANC', 2.0),))
prior_of(People(prior_draws(1, 50)), him, 3)
marrow_model().sites()
"""

CODE = """
from myelodose.forecast import Effort, NextCycle, People, forecast, individual_posterior
from myelodose.forecast import recommend, simulate_patient
from myelodose.regimen import platzbecker2013
from myelodose.virtual import prior_draws
people = People(prior_draws(1, 200))
him = simulate_patient(people, 5, platzbecker2013(20)).seen
one = individual_posterior(him, people, 3, effort=Effort(nuts=False), draws=100)
ahead = forecast(one, planned_d=28, choices=[NextCycle(20)], days=28)
recommend(ahead)
value = float(ahead.cells_left.mean())
"""


def test_a_prior_and_a_model_load_neither_numpyro_nor_arviz_nor_a_plotting_library():
    done = run_python(CHEAP + HEAVY)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.slow
def test_a_forecast_in_a_fresh_process_loads_none_of_them_and_gives_the_same_numbers():
    here: dict = {}
    exec(CODE, here)
    done = run_python(CODE + "print(repr(value))" + HEAVY)
    value, heavy = done.stdout.split("\n")[:2]
    assert heavy == "[]", done.stderr
    assert float(value) == pytest.approx(here["value"], abs=1e-6)
