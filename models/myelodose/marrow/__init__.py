"""From doses to counts and clones: the whole marrow model of one patient, or of many at once."""

from myelodose.marrow.course import Course, Patient, simulate

__all__ = ["Course", "Patient", "simulate"]
