"""Cut time into windows at doses and solve models through them, fast or surely."""

from myelodose.solve.march import march
from myelodose.solve.plan import Plan, plan, stack
from myelodose.solve.reference import integrate
from myelodose.solve.settings import Fast, Reference, Solver

__all__ = ["Fast", "Plan", "Reference", "Solver", "integrate", "march", "plan", "stack"]
