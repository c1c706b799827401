"""Settings that cannot be are refused while they are concrete."""

import pytest

from myelodose.errors import InputError
from myelodose.inference.settings import FitSettings


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("chains", 1, "chains: found 1; give 2 or more"),
        ("warmup", 0, "warmup: found 0"),
        ("draws", 3, "draws: found 3"),
        ("chunk", 0, "chunk: found 0"),
        ("target_accept", 1.0, "target_accept: found 1.0"),
        ("max_tree_depth", 0, "max_tree_depth: found 0"),
        ("geometry", "round", "geometry: found 'round'; give one of learnt, structured"),
        ("dense", (("CL",),), "dense: found (('CL',),); give no blocks, or geometry='structured'"),
        ("chain_method", "both", "chain_method: found 'both'"),
    ],
)
def test_impossible_settings_are_refused(field, value, says):
    with pytest.raises(InputError) as caught:
        FitSettings(**{field: value})
    assert says in str(caught.value)
