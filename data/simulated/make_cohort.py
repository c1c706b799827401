"""Make the simulated cohort of this folder again: python data/simulated/make_cohort.py.

SIMULATED: virtual patients, drawn from the priors of data/literature, treated by the schedule of
Platzbecker et al. 2013 and read by simulated assays (myelodose.observation.cohort). No number here
was measured in anybody.
"""

from pathlib import Path

from myelodose.observation.cohort import simulate_cohort

SEED = 20130227
FOLDER = Path(__file__).parent


def main(folder: Path = FOLDER) -> None:
    """Write table and truth."""
    cohort = simulate_cohort(SEED)
    cohort.table.to_csv(folder / "marrow-cohort.csv", index=False)
    # Only what differs between patients; the rest is in data/literature and typical_values().
    differs = cohort.truth.drop(columns=cohort.truth.columns[cohort.truth.nunique() == 1])
    differs.to_csv(folder / "marrow-cohort-truth.csv", float_format="%.10g")


if __name__ == "__main__":
    main()
