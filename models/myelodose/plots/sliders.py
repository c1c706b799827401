"""Sliders for JupyterLab over a function that draws: what all explorers share.

The picture is one image whose content is replaced, so that nothing on the page jumps while a slider
is dragged. While a picture is being drawn the page keeps only the latest position.
"""

from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from typing import Any, NamedTuple

from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from myelodose.errors import InputError


class Slider(NamedTuple):
    """A number to move; whole numbers if value and step are.

    Attributes:
        words: What stands beside it, with its unit.
        value: Where it starts.
        low: Lowest value.
        high: Highest value.
        step: From one position to the next.
        shown: Format of the number.
    """

    words: str
    value: float
    low: float
    high: float
    step: float
    shown: str = ".1f"


class Choice(NamedTuple):
    """One of several words.

    Attributes:
        words: What stands beside it.
        options: To choose from; the first one is where it starts.
    """

    words: str
    options: tuple[str, ...]


def explorer(place: str, draw: Callable[..., Figure], **controls: Slider | Choice) -> Any:
    """Controls above the picture that they move.

    Args:
        place: The function that is called, for its error.
        draw: Takes the value of every control by its name and returns a figure.
        **controls: In their order on the page.

    Returns:
        A widget; to be shown in JupyterLab.

    Raises:
        InputError: If ipywidgets is not there, or the first picture cannot be drawn.
    """
    if find_spec("ipywidgets") is None:
        raise InputError(place, "found no ipywidgets", "install it: pip install ipywidgets")
    import ipywidgets

    made = {name: _widget(ipywidgets, control) for name, control in controls.items()}
    picture, told = ipywidgets.Image(format="png", layout={"max_width": "100%"}), ipywidgets.Label()

    def values() -> dict[str, Any]:
        return {name: one.value for name, one in made.items()}

    places: list[_Places] = []

    def show(_: Any) -> None:
        try:
            picture.value, told.value = _png(draw(**values()), places), ""
        except InputError as error:
            # Nobody sees what a callback raises; the last picture stays, and this stands below it.
            told.value = str(error)

    picture.value = _png(draw(**values()), places)
    for one in made.values():
        one.observe(show, names="value")
    # At its own size: a box stretches a picture to the width of the page.
    layout = {"align_items": "flex-start"}
    return ipywidgets.VBox([*made.values(), picture, told], layout=layout)


def _widget(ipywidgets: Any, control: Slider | Choice) -> Any:
    look = {"style": {"description_width": "16em"}, "layout": {"width": "38em"}}
    if isinstance(control, Choice):
        return ipywidgets.Dropdown(options=control.options, description=control.words, **look)
    words, value, low, high, step, shown = control
    limits = {"value": value, "min": low, "max": high, "step": step, "description": words}
    if isinstance(value, int) and isinstance(step, int):
        return ipywidgets.IntSlider(**limits, **look)
    return ipywidgets.FloatSlider(**limits, readout_format=shown, **look)


class _Places(NamedTuple):
    """Where axes and titles of the first picture stand."""

    axes: list[Bbox]
    texts: list[tuple[float, float]]


def _png(figure: Figure, first: list[_Places]) -> bytes:
    """The picture; all stands where the first one had it, which saves a third of the drawing.

    Args:
        figure: The figure.
        first: Places in the first picture; filled if empty.
    """
    if first and len(first[0].axes) == len(figure.axes):
        figure.set_layout_engine("none")
        for axis, place in zip(figure.axes, first[0].axes, strict=True):
            axis.set_position(place)
        for text, at in zip(figure.texts, first[0].texts, strict=False):
            text.set_position(at)
    with BytesIO() as file:
        figure.savefig(file, format="png")
        if not first:
            texts = [text.get_position() for text in figure.texts]
            first.append(_Places([axis.get_position() for axis in figure.axes], texts))
        return file.getvalue()
