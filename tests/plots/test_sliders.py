"""An explorer shows a picture, and every slider moves it."""

import pytest

from myelodose.errors import InputError
from myelodose.plots.forecast_explorer import detection_explorer
from myelodose.plots.sliders import Choice, Slider, explorer
from myelodose.plots.style import new_figure

PNG = b"\x89PNG"


def _picture(box) -> bytes:
    return bytes(next(one for one in box.children if type(one).__name__ == "Image").value)


def _drawn(share: float, number: int, word: str):
    if number > 3:
        raise InputError("drawn, number", f"found {number}", "give at most 3")
    figure, axis = new_figure(2, 2)
    axis.plot([0, 1], [share, number + (word == "two")])
    return figure


def _made():
    return explorer(
        "made",
        _drawn,
        share=Slider("share", 0.5, 0.0, 1.0, 0.1),
        number=Slider("number", 1, 0, 5, 1),
        word=Choice("word", ("one", "two")),
    )


def test_a_picture_is_there_from_the_start():
    assert _picture(_made()).startswith(PNG)


@pytest.mark.parametrize(("place", "value"), [(0, 0.9), (1, 3), (2, "two")])
def test_every_control_moves_it(place, value):
    box = _made()
    before = _picture(box)
    box.children[place].value = value
    after = _picture(box)
    assert after.startswith(PNG)
    assert after != before


def test_what_cannot_be_is_said_below_the_last_picture_and_forgotten_after():
    box = _made()
    box.children[1].value = 3
    before = _picture(box)
    box.children[1].value = 4
    assert _picture(box) == before
    assert "give at most 3" in box.children[-1].value
    box.children[1].value = 2
    assert box.children[-1].value == ""


def test_whole_numbers_stay_whole():
    kinds = [type(one).__name__ for one in _made().children[:3]]
    assert kinds == ["FloatSlider", "IntSlider", "Dropdown"]


def test_the_explorer_of_an_assay_follows_all_its_sliders():
    box = detection_explorer()
    for place, value in enumerate(["VAF", 1000, 0.05, 0.05]):
        before = _picture(box)
        box.children[place].value = value
        assert _picture(box) != before
