"""Calibration of the uncertain parameters to the printed aggregate facts of the trial."""
