"""Blood counts: three lineages made by the clones, and the classic Friberg chain."""
