"""What every figure must be: whole, labelled, and gone from pyplot."""

import io

import matplotlib.pyplot as plt
from matplotlib.figure import Figure


def assert_whole(figure: Figure) -> None:
    """Titles, labels and legends lie inside the figure, legends cover nothing, pyplot forgot it."""
    figure.savefig(io.BytesIO())
    shown = [axis for axis in figure.axes if axis.get_visible()]
    texts = list(figure.texts)
    for axis in shown:
        texts += [*axis.texts, axis.title, axis.xaxis.label, axis.yaxis.label]
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text().strip()]
    for text, box in [*boxes, *(("legend", one.get_window_extent()) for one in figure.legends)]:
        inside = box.x0 >= -1 and box.y0 >= -1
        inside &= box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
        assert inside, text
    for legend in figure.legends:
        for text, box in boxes:
            assert not legend.get_window_extent().overlaps(box), text
        for axis in shown:
            assert not legend.get_window_extent().overlaps(axis.get_window_extent())
    assert plt.get_fignums() == []


def labels_of(figure: Figure) -> list[str]:
    """Labels of all axes that are seen, those of the whole figure among them."""
    shown = [axis for axis in figure.axes if axis.get_visible()]
    labels = [label for axis in shown for label in (axis.get_xlabel(), axis.get_ylabel())]
    return [label for label in [*labels, figure.get_supxlabel(), figure.get_supylabel()] if label]


def assert_units(figure: Figure) -> None:
    """Every label has its unit in brackets."""
    assert labels_of(figure)
    assert [label for label in labels_of(figure) if "[" not in label] == []
