"""Float64 and devices."""

import jax
import jax.numpy as jnp

from conftest import run_python
from myelodose.precision import float64


def test_float64_holds_inside_the_block_and_not_outside():
    with float64():
        assert jnp.ones(1).dtype == jnp.float64
    assert jnp.ones(1).dtype == jnp.float32


def test_import_leaves_jax_unstarted_so_that_devices_can_be_declared():
    done = run_python(
        "import myelodose as md, myelodose.decision, myelodose.inference.quadrature\n"
        "md.declare_cpu_devices(3)\n"
        "import jax; print(jax.local_device_count('cpu'))"
    )
    assert done.stdout.strip() == "3", done.stderr


def test_declaring_devices_too_late_says_what_would_do():
    done = run_python(
        "import jax, myelodose as md\n"
        "jax.numpy.ones(1)\n"
        "try:\n"
        "    md.declare_cpu_devices(4)\n"
        "except RuntimeError as problem:\n"
        "    print(problem)"
    )
    assert "JAX has started with 1" in done.stdout, done.stderr
    assert "chain_method='sequential'" in done.stdout


def test_the_tests_themselves_have_four_devices():
    assert jax.local_device_count("cpu") == 4
