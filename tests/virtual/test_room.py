"""A decision from virtual patients needs the compiled core alone."""

from conftest import run_python


def test_virtual_trials_load_neither_numpyro_nor_arviz_nor_a_plotting_library():
    done = run_python(
        "import sys, myelodose.virtual\n"
        "heavy = {'numpyro', 'arviz', 'arviz_base', 'arviz_stats', 'arviz_plots', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_empirical_model_does_not_load_the_marrow():
    done = run_python("import sys, myelodose.toxicity\nprint('myelodose.marrow' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr
