"""Figures of designs show what the objects say."""

from typing import Any

from matplotlib.colors import to_rgba

from myelodose.characteristics import exact, pathways
from myelodose.designs.boin import Boin
from myelodose.plots import designs as plots

BOIN = Boin(doses=(10, 15, 20, 25), target=0.3)
TRUTH = {"MTD 20 mg": [0.05, 0.12, 0.27, 0.45], "all too toxic": [0.4, 0.5, 0.6, 0.7]}


def test_the_decision_table_shows_every_cell():
    table = BOIN.table(9)
    axis = plots.decision_table(table).axes[0]
    letters = [text.get_text() for text in axis.texts]
    assert letters == [
        cell for row in table.values for cell in row if cell in ("E", "S", "D", "DU")
    ]


def test_the_tree_shows_every_node_and_nothing_lies_outside():
    ways = pathways(BOIN, cohorts=2)
    axis = plots.pathway_tree(ways, dose_label="dose [mg]").axes[0]
    drawn: Any = axis.collections
    nodes = [collection.get_offsets()[0] for collection in drawn]
    assert len(nodes) == ways.nodes
    low, high = sorted(axis.get_ylim())
    assert all(low < y < high for _, y in nodes)


def test_characteristics_show_selection_and_mark_the_right_dose():
    found = exact(BOIN, TRUTH, patients=12)
    figure = plots.characteristics(found, target=0.3)
    first = figure.axes[0]
    bars: Any = first.containers[0]
    patches: Any = first.patches
    heights = [bar.get_height() for bar in bars]
    assert heights == [*found.selected[0].values, float(found.selected_none[0])]
    marked = [patch for patch in patches if patch.get_facecolor()[:3] == to_rgba("#009E73")[:3]]
    assert len(marked) == 1
    assert marked[0].get_x() < 2 < marked[0].get_x() + marked[0].get_width()
