"""What a model is given: arrays only, so that one compiled program serves every table alike."""

from typing import Any, NamedTuple

from jaxtyping import Array, Float, Int


class Data(NamedTuple):
    """A table as arrays: arguments of compiled code, never constants of it.

    They are NumPy's until they meet compiled code.

    Args:
        y: Measurements, (obs,).
        censored: 0 measured, 1 below a limit, -1 above it, (obs,).
        limit: The limit; NaN where nothing is censored, (obs,).
        lower: Lower end of an interval, NaN elsewhere, (obs,).
        trials: Of how many, for what is counted; 0 elsewhere, (obs,).
        time_h: When they were taken [h], (obs,).
        patient_of_obs: Number of the patient, (obs,).
        kind_of_obs: Number of the label, (obs,).
        output_of_obs: Number of the structure's output, (obs,).
        record_of_obs: Number of the record within the patient, (obs,).
        patients: 0, 1, ..., (patient,); its shape says how many there are.
        covariates: By name, (patient,), or (patient, record) where one changes with time; levels
            as numbers.
        occasion: Number of the occasion, (patient, record).
        occasions: 0, 1, ..., (occasion,).
        design: What the structure made of the dose records.
    """

    y: Float[Array, " obs"]
    censored: Int[Array, " obs"]
    limit: Float[Array, " obs"]
    lower: Float[Array, " obs"] | None
    trials: Float[Array, " obs"] | None
    time_h: Float[Array, " obs"]
    patient_of_obs: Int[Array, " obs"]
    kind_of_obs: Int[Array, " obs"]
    output_of_obs: Int[Array, " obs"]
    record_of_obs: Int[Array, " obs"]
    patients: Int[Array, " patient"]
    covariates: dict[str, Any]
    occasion: Int[Array, "patient record"]
    occasions: Int[Array, " occasion"]
    design: Any
