"""Figures of a patient show what they were given, and give it back."""

import numpy as np
import pytest
import xarray as xr

from myelodose.forecast import Given, Reading, Seen
from myelodose.markers.detection import FISH, VAF, detection_limits
from myelodose.markers.lead_time import Shares, lead_times
from myelodose.markers.predictive import Marked
from myelodose.plots.forecast import forecast_figure, options_figure
from myelodose.plots.forecast_clone import (
    detection_figure,
    lead_time_figure,
    marker_figure,
    retention_figure,
)

SEEN = Seen(
    (Given(0, "azacitidine", 135.0),),
    (Reading(0, "ANC", 2.0), Reading(7, "PLT", 5.0, 0, 1), Reading(7, "FISH", 90, 200)),
    simulated=True,
)


def course(days, options=()):
    random = np.random.default_rng(1)
    names = ("option",) if options else ()
    shape = (len(options),) if options else ()
    by = (*names, "day", "draw")
    size = (*shape, len(days), 20)
    made = xr.Dataset(
        {
            "count": (
                (*names, "day", "lineage", "draw"),
                1 + random.random((*shape, len(days), 3, 20)),
            ),
            "clone_share": (by, random.random(size)),
            "vaf": (by, random.random(size) / 2),
        },
        {"day": days, "lineage": ["ANC", "PLT", "Hb"]},
        {"status": "SIMULATED here", "planned_d": 28.0},
    )
    return made.assign_coords(option=list(options)) if options else made


def test_a_forecast_shows_readings_bands_and_options_and_returns_the_bands():
    past, ahead = course(np.arange(8.0)), course(np.arange(7.0, 36), ("20 mg", "10 mg"))
    figure, data = forecast_figure(SEEN, past, ahead, options=["20 mg", "10 mg"], later=SEEN)
    assert data["ANC, 10 mg"].sel(quantile=0.5, day_ahead=10) == pytest.approx(
        float(ahead["count"].sel(option="10 mg", lineage="ANC", day=10).median())
    )
    labels = [axis.get_ylabel() for axis in figure.axes]
    assert labels[0] == "neutrophils [1e9/L]"
    assert "SIMULATED" in figure.get_suptitle()


def test_options_are_a_grid_of_dose_by_delay():
    rows = [(d, m) for m in (10.0, 20.0) for d in (0, 7)]
    flag, wide = ("option", "draw"), ("option", "lineage", "draw")
    ahead = xr.Dataset(
        {name: (flag, np.ones((4, 5), bool)) for name in ("ready", "relapse", "clears")}
        | {"long_grade4": (flag, np.zeros((4, 5), bool)), "recovered": (flag, np.ones((4, 5)))}
        | {"cells_left": (flag, np.ones((4, 5))), "burden": (flag, np.ones((4, 5)))}
        | {"nadir_day": (wide, np.ones((4, 3, 5)))}
        | {
            "delay_d": ("option", [r[0] for r in rows]),
            "dose_mg": ("option", [r[1] for r in rows]),
        },
        {"option": [str(r) for r in rows], "lineage": ["ANC", "PLT", "Hb"]},
        {"status": "SIMULATED"},
    )
    figure, table = options_figure(ahead)
    assert [text.get_text() for text in figure.axes[0].texts] == ["100"] * 4
    assert len(table) == 4


def test_figures_of_the_clone_have_units_and_say_what_is_simulated():
    fish, vaf = detection_limits(FISH, [50, 100], [0.0]), detection_limits(VAF, [500], [0.0, 0.01])
    found = Marked(np.array([0.9, 0.1, 0.5]), np.array([True, False, True]), np.zeros(3))
    tp53, clone = np.full((200, 1), 0.4), np.full((200, 1), 0.9)
    tp53[50:100], clone[50:150] = 0.0, 0.1
    lead = lead_times(Shares(clone, tp53), 1, every_d=(28,), depths=(1000,))
    blood = xr.Dataset(
        {n: (("day", "retention"), np.ones((3, 2))) for n in ("number", "share")}
        | {n: ("day", np.ones(3)) for n in ("marrow", "marrow_share")},
        {"day": [0, 1, 2], "retention": ["none", "lenalidomide"]},
        {"chosen": "theta"},
    )
    figures = [
        detection_figure(fish, vaf)[0],
        marker_figure(found)[0],
        lead_time_figure(lead)[0],
        retention_figure(blood)[0],
    ]
    assert figures[0].axes[0].get_ylabel() == "clone that is seen [% of cells]"
    assert all("SIMULATED" in one.get_suptitle() for one in figures[1:])
    assert figures[2].axes[0].get_ylabel().endswith("[d]")
