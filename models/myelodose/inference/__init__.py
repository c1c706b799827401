"""From data to a posterior: exact quadrature (pure JAX) and NUTS (NumPyro).

The modules are imported one by one, so that the decision side can use the quadrature without
ever loading NumPyro.
"""
