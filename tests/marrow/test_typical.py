"""The typical patient is what its table says, and the table is what literature says."""

import re

import numpy as np
import pytest

from myelodose.clones.model import balanced_pools
from myelodose.errors import InputError
from myelodose.literature import load_literature
from myelodose.marrow.check import checked_patient
from myelodose.marrow.patient import differentiation
from myelodose.marrow.typical import typical_patient, virtual_population
from myelodose.marrow.values import TYPICAL, VALUES, Value, sd_from_cv, typical_values
from myelodose.precision import float64


def rows_of(source):
    """The rows of data/literature that a source names, as text."""
    file, row = source.split(".csv: ")
    table = load_literature(file.split()[-1])
    names = [name for name in table.parameter if row.startswith(name)]
    return [" ".join(line) for line in table[table.parameter.isin(names)].to_numpy()]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: v.parameter)
def test_every_source_is_a_row_of_the_literature_or_a_choice(value):
    assert (value.support == "chosen") == value.source.startswith("chosen")
    for source in (value.source, value.sd_source):
        if ".csv: " in source and not source.startswith("chosen"):
            assert rows_of(source), source


@pytest.mark.parametrize(
    "value", [v for v in VALUES if v.support != "chosen"], ids=lambda v: v.parameter
)
def test_every_number_stands_in_the_row_that_it_cites(value):
    text = " ".join(rows_of(value.source))
    if "its middle" in value.source:
        low, high = re.findall(r"(\d+)-(\d+)", value.source)[0]
        assert f"{low}-{high}" in text
        middle = (float(low) + float(high)) / 2
        assert middle in (value.value, pytest.approx(100 * value.value))
    else:
        percent = f"{100 * value.value:g} "
        assert f"{value.value:g}" in text or percent in text


@pytest.mark.parametrize("value", [v for v in VALUES if "%CV" in v.sd_source])
def test_spreads_are_the_published_coefficients_of_variation(value):
    cv = re.findall(r"([\d.]+) %CV", value.sd_source)[0]
    assert any(cv in row for row in rows_of(value.sd_source))
    assert value.between_patient_sd == pytest.approx(sd_from_cv(float(cv)))


def test_no_two_rows_share_a_name_and_the_table_shows_them_all():
    assert len(TYPICAL) == len(VALUES) == len(typical_values())
    assert set(typical_values().columns) >= {"symbol", "unit", "between_patient_sd", "support"}


def test_a_row_without_a_reason_is_refused():
    with pytest.raises(InputError, match="a table and row, or the reason of the choice"):
        Value("x", "x", 1.0, "", 0, 2, "chosen", "")
    with pytest.raises(InputError, match="Value, value: found 3"):
        Value("x", "x", 3.0, "", 0, 2, "chosen", "chosen")


def test_the_cycle_lasts_2_8_days_and_a_fifth_of_it_is_synthesis():
    clones = typical_patient("healthy").clones
    with float64():
        pools = balanced_pools(clones)
    niche = 1 / (1 + 1 / clones.capacity)
    lasts = 1 / (clones.entry_per_d[0] * niche) + 1 / clones.division_per_d
    assert lasts == pytest.approx(2.8, rel=1e-12)
    assert float(pools.s[0]) == pytest.approx(0.2, rel=1e-12)


def test_the_quiescent_share_of_a_normal_marrow_is_that_of_the_prior():
    with float64():
        pools = balanced_pools(typical_patient("healthy").clones)
    share = pools.rest[0] / (pools.rest[0] + pools.cycling[0])
    assert float(share) == pytest.approx(0.03, rel=1e-12)


@pytest.mark.parametrize("growth", [-0.02, 0.0, 0.005, 0.12])
def test_differentiation_gives_the_growth_that_was_asked_for(growth):
    k_g, k_s = 0.45, 1.8
    d = differentiation(growth, entry=k_g, division=k_s)
    rates = np.linalg.eigvals(np.array([[-k_g, 2 * k_s * (1 - d)], [k_g, -k_s]]))
    assert rates.real.max() == pytest.approx(growth, abs=1e-12)


def test_diseases_differ_in_their_clones_alone():
    sizes = {d: typical_patient(d).clones.size for d in ("healthy", "del(5q)", "del(5q) TP53")}
    assert sizes["healthy"].tolist() == [1, 0, 0]
    assert sizes["del(5q)"] == pytest.approx([0.15, 0.85, 0])
    assert sizes["del(5q) TP53"] == pytest.approx([0.15, 0.85 * 0.89, 0.85 * 0.11])


def test_lenalidomide_clearance_falls_with_the_kidney_by_the_exponent_of_the_prior():
    half = typical_patient(creatinine_clearance_ml_per_min=45).len_pk.CL
    assert float(half / typical_patient().len_pk.CL) == pytest.approx(0.5**0.45, rel=1e-12)


def test_the_medians_and_spreads_of_many_patients_are_those_of_the_table():
    count = 4000
    patients = virtual_population(7, count)
    for found, name in (
        (patients.len_pk.CL, "len_clearance_l_per_h"),
        (patients.clones.kill_aza, "kill_aza"),
        (patients.lineages.set_point[1], "set_point_plt"),
        (patients.lineages.block_half_um[0], "block_half_um"),
    ):
        value, logs = TYPICAL[name], np.log(found)
        sd = value.between_patient_sd
        # Four standard errors of a mean and of a standard deviation.
        assert logs.mean() == pytest.approx(np.log(value.value), abs=4 * sd / count**0.5)
        assert logs.std() == pytest.approx(sd, rel=4 / (2 * count) ** 0.5)


def test_the_same_seed_gives_the_same_patients_and_another_seed_others():
    first, again, other = (virtual_population(s, 5).clones.kill_aza for s in (1, 1, 2))
    assert (first == again).all()
    assert not np.isin(first, other).any()


def test_another_median_of_one_parameter_leaves_the_others_as_they_were():
    base, changed = (virtual_population(1, 5, values=v) for v in (None, {"kill_aza": 0.5}))
    assert changed.clones.kill_aza == pytest.approx(2 * base.clones.kill_aza)
    assert (changed.clones.kill_len == base.clones.kill_len).all()


def test_every_virtual_patient_can_be():
    checked_patient(virtual_population(3, 2000, disease="del(5q) TP53"), "test")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: typical_patient("MDS"), "disease: found 'MDS'"),
        (lambda: typical_patient(values={"kil_aza": 1.0}), "did you mean 'kill_aza'?"),
        (lambda: typical_patient(values={"set_point_plt": 230_000.0}), "30 to 2000 1e9/L"),
        (lambda: typical_patient(values={"mtt_anc_h": 5.2}), "20 to 1000 h; check the unit"),
        (lambda: typical_patient(values={"kill_aza": float("nan")}), "found nan"),
        (lambda: typical_patient(values={"kill_aza": -0.1}), "found -0.1"),
        (lambda: typical_patient(creatinine_clearance_ml_per_min=1.5), "5 to 300 mL/min"),
        (lambda: virtual_population(-1, 5), "seed: found -1"),
        (lambda: virtual_population(True, 5), "seed: found True"),
        (lambda: virtual_population(1, 0), "patients: found 0"),
        (lambda: virtual_population(1, 10**7), "at most 100,000"),
        (
            lambda: virtual_population(1, 3, creatinine_clearance_ml_per_min=[90.0, 60.0]),
            "one for each of the 3",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, says):
    with pytest.raises(InputError, match=re.escape(says)):
        call()


@pytest.mark.parametrize(
    ("group", "name", "value", "says"),
    [
        ("lineages", "set_point", [4.0, 230_000.0, 14.0], "set_point of PLT: found 230000"),
        ("lineages", "set_point", [4000.0, 230.0, 14.0], "set_point of ANC: found 4000"),
        ("lineages", "set_point", [4.0, 230.0, 140.0], "set_point of Hb: found 140"),
        ("lineages", "mtt_d", [125.0, 130.0, 130.0], "mtt_d: found 125"),
        ("clones", "kill_len", [0.0, -0.6, 0.0], "kill_len: found -0.6"),
        ("clones", "kill_aza", np.nan, "kill_aza: found nan"),
        ("clones", "size", [0.15, 0.85], "clones.size: found shape (2,)"),
    ],
)
def test_a_patient_of_ones_own_is_checked_number_by_number(group, name, value, says):
    patient = typical_patient()
    record = getattr(patient, group)._replace(**{name: np.array(value)})
    with pytest.raises(InputError, match=re.escape(says)):
        checked_patient(patient._replace(**{group: record}), "test")
