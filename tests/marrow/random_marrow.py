"""Random patients of the marrow model, far beyond what is plausible in every direction."""

import jax.numpy as jnp
import numpy as np

from myelodose.blood.model import Lineages
from myelodose.clones.model import Clones
from myelodose.marrow import Patient
from myelodose.pk import OneCompartment
from solve.schedules import spread


def random_marrow(seed: int, patients: int, *, transits: int = 0) -> Patient:
    """Patients as lanes; every parameter even on the logarithmic scale between two ends."""
    rng = np.random.default_rng(seed)

    def between(low, high, *shape):
        return spread(rng, low, high, *shape, patients)

    return Patient(
        len_pk=OneCompartment(
            CL=between(5, 25),
            V=between(40, 90),
            ka=between(4, 10) if transits else between(0.7, 4),
            transits=transits,
        ),
        aza_clearance_l_per_h=between(100, 250),
        aza_reference_auc=jnp.full(patients, 135 / 160),
        clones=Clones(
            size=between(0.02, 0.8, 3),
            entry_per_d=between(0.3, 1.2, 3),
            division_per_d=between(1.2, 3.0),
            differentiation=between(0.47, 0.52, 3),
            kill_len=between(0.005, 1.5, 3),
            kill_aza=between(0.05, 1.0),
            arrest_max=between(0.3, 0.98),
            arrest_half_um=between(0.2, 2.0),
            to_rest_per_d=between(0.001, 0.05),
            from_rest_per_d=between(0.01, 0.2),
            crowding=between(0.5, 1.5, 3),
            capacity=between(1.0, 5.0),
        ),
        lineages=Lineages(
            set_point=between(3, 250, 3),
            mtt_d=between(2.5, 10, 3),
            loss_per_d=between(0.008, 2.5, 3),
            gamma=between(0.1, 0.5, 3),
            block_max=between(0.1, 0.95, 3),
            block_half_um=between(0.2, 2.0, 3),
            effectiveness=between(0.1, 1.0, 3, 3),
        ),
    )
