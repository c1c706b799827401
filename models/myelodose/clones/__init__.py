"""Progenitors of the normal, the del(5q) and the TP53-mutated del(5q) clone under treatment."""
