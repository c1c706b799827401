"""Draws of the typical values are those of the rows of the literature table."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.literature import load_literature
from myelodose.marrow.values import TYPICAL
from myelodose.virtual.hyperprior import CRCL_EXPONENT, ROWS, drawn, prior_draws


def test_every_row_is_in_the_table_and_every_parameter_in_the_marrow():
    rows = set(load_literature("priors").parameter)
    assert {row for row, _ in ROWS.values()} <= rows
    assert set(ROWS) - {CRCL_EXPONENT} <= set(TYPICAL)


# Medians and 95 % intervals as data/literature/priors.csv prints them.
@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("len_clearance_l_per_h", (9.9, 12.5, 15.8)),
        ("aza_clearance_l_per_h", (119, 160, 215)),
        ("kill_aza", (0.09, 0.25, 0.67)),
        ("block_half_um", (0.10, 0.5, 2.4)),
        ("kill_del5q_per_d_um", (0.19, 0.6, 1.9)),
        ("tp53_sensitivity", (0.053, 0.314, 0.716)),  # Beta(2, 4); printed in two digits
        ("gamma_plt", (0.14, 0.25, 0.45)),
    ],
)
def test_intervals_are_the_printed_ones(name, printed):
    values = prior_draws(1, 20_000)[name]
    assert np.quantile(values, [0.025, 0.5, 0.975]) == pytest.approx(printed, rel=0.07)


def test_every_draw_can_be_a_typical_value():
    for name, values in prior_draws(2, 3000).items():
        if name != CRCL_EXPONENT:
            assert TYPICAL[name].low <= values.min() <= values.max() <= TYPICAL[name].high, name


def test_arrest_and_block_share_their_half_effect():
    draws = prior_draws(3, 5)
    assert np.array_equal(draws["arrest_half_um"], draws["block_half_um"])


@pytest.mark.parametrize(("text", "which"), [("fixed", 0), ("Normal(0,1)", 1)])
def test_a_text_without_such_a_law_is_refused(text, which):
    with pytest.raises(InputError, match=r"priors\.csv"):
        drawn(text, which, 1, np.random.default_rng(1))


def test_no_draw_is_refused():
    with pytest.raises(InputError, match="draws"):
        prior_draws(1, 0)
