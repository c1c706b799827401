"""Log densities of the published problems, written out with SciPy; constants are left out."""

from itertools import pairwise

import numpy as np
from scipy import integrate, linalg, stats

from population.published_tables import event_table, read


def rates(p: dict) -> np.ndarray:
    """Rate matrix of gut, centre and periphery, and of an effect site if there is one."""
    k10, k12, k21 = p["CL"] / p["V1"], p["Q"] / p["V1"], p["Q"] / p["V2"]
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 0] = -p["ka"], p["ka"]
    matrix[1, 1], matrix[1, 2], matrix[2, 1], matrix[2, 2] = -k10 - k12, k21, k12, -k21
    matrix[3, 1], matrix[3, 3] = p.get("ke0", 0.0), -p.get("ke0", 0.0)
    return matrix


def amounts(p: dict, time_h: np.ndarray, doses: list[tuple[float, float]]) -> np.ndarray:
    """Amounts at times after doses into the gut, by superposition, (time, compartment)."""
    speed, vectors = linalg.eig(rates(p))
    share = linalg.inv(vectors)[:, 0]
    found = np.zeros((len(time_h), 4))
    for start, amount in doses:
        after = time_h >= start
        decay = np.exp(np.outer(time_h[after] - start, speed.real))
        found[after] += amount * (decay * share.real) @ vectors.real.T
    return found


def own_values(model, whole: dict, sampled: dict, weight: np.ndarray) -> list[dict]:
    """Each patient's parameters, with the allometry of the sources."""
    names, patients = model.effects, len(weight)
    lower = np.eye(len(names))
    block = len(model.random_effects.correlated)
    if block:
        lower[:block, :block] = sampled["L"]
    eta = sampled["z_eta"] @ (np.array([whole[f"omega_{n}"] for n in names])[:, None] * lower).T
    power = {"CL": 0.75, "Q": 0.75, "V1": 1.0, "V2": 1.0}
    found = [{k: v for k, v in whole.items() if "_" not in k} for _ in range(patients)]
    for i, own in enumerate(found):
        for j, name in enumerate(names):
            own[name] *= np.exp(eta[i, j]) * (weight[i] / 70) ** power.get(name, 0.0)
    return found


def half_normal(x: float, scale: float) -> float:
    return -0.5 * (x / scale) ** 2


def half_cauchy(x: float, scale: float) -> float:
    return -float(np.log1p((x / scale) ** 2))


def normal(observed: np.ndarray, expected: np.ndarray, sd: float) -> float:
    return float(stats.norm.logpdf(observed, expected, sd).sum())


def priors(whole: dict, sampled: dict, medians: dict, kind, scale: float) -> float:
    """Priors of typical values, of omegas and of effects; LKJ(1) of the block."""
    total = sum(stats.lognorm.logpdf(whole[k], sd, scale=m) for k, (m, sd) in medians.items())
    total += sum(kind(v, scale) for k, v in whole.items() if k.startswith("omega"))
    total += stats.norm.logpdf(sampled["z_eta"]).sum()
    if "L" in sampled:
        diagonal = np.log(np.diag(sampled["L"]))
        total += (np.arange(len(diagonal))[::-1] * diagonal)[1:].sum()
    return float(total)


def two_compartment(model, whole, sampled) -> float:
    rows = event_table("torsten/twoCptPop.data.csv")
    first = np.unique(rows.patient.values, return_index=True)[1]
    doses = [(12.0 * k, 1200.0) for k in range(15)]
    total = 0.0
    for i, own in enumerate(own_values(model, whole, sampled, rows.WT.values[first])):
        mine = rows.isel(record=(rows.patient.values == i + 1) & (rows.evid.values == 0))
        expected = amounts(own, mine.time_h.values, doses)[:, 1] / own["V1"]
        total += normal(np.log(mine.value.values), np.log(expected), whole["sigma"])
        total -= np.log(mine.value.values).sum()
    medians = {"CL": (10, 0.25), "Q": (15, 0.5), "V1": (35, 0.25), "V2": (105, 0.5), "ka": (2.5, 1)}
    sigma = half_normal(whole["sigma"], 0.5)
    return total + sigma + priors(whole, sampled, medians, half_normal, 0.5)


def effect_compartment(model, whole, sampled) -> float:
    raw = read("torsten/effCpt.data2.json")
    total = 0.0
    for i, own in enumerate(own_values(model, whole, sampled, raw["weight"])):
        inside = (raw["iObs"] >= raw["start"][i]) & (raw["iObs"] <= raw["end"][i])
        time_h = raw["time"][raw["iObs"][inside] - 1].astype(float)
        dose = float(raw["amt"][raw["start"][i] - 1])
        found = 1000 / own["V1"] * amounts(own, time_h, [(0.0, dose)])
        conc = np.log(raw["cObs"][inside])
        total += normal(conc, np.log(found[:, 1]), whole["sigma_conc"]) - conc.sum()
        response = 100 * found[:, 3] / (own["EC50"] + found[:, 3])
        total += normal(raw["respObs"][inside], response, whole["sigma_resp"])
    medians = {"CL": (10, 0.2), "Q": (15, 0.2), "V1": (30, 0.2), "V2": (100, 0.2)}
    medians |= {"ka": (5, 0.25), "ke0": (10, 0.25), "EC50": (1, 0.2)}
    sigma = half_cauchy(whole["sigma_conc"], 0.2) + half_cauchy(whole["sigma_resp"], 0.2)
    return total + sigma + priors(whole, sampled, medians, half_normal, 0.2)


def neutrophils(own: dict, time_h: np.ndarray, amount: float) -> np.ndarray:
    """Concentrations and counts of one patient under 15 doses in 12 h, (time, 2)."""
    matrix, ktr = rates(own)[:3, :3], 4 / own["mtt"]

    def slope(x, _):
        cells, circulating = x[3:], x[7]
        feedback = (own["circ0"] / circulating) ** own["gamma"]
        born = ktr * cells[0] * (1 - own["slope"] * x[1] / own["V1"]) * feedback
        inflow = np.append(born, ktr * cells[:4])
        return np.append(matrix @ x[:3], inflow - ktr * cells)

    x = np.append(np.zeros(3), np.full(5, own["circ0"]))
    found = np.zeros((len(time_h), 2))
    edges = np.append(12.0 * np.arange(15), max(time_h.max(), 168.0) + 1.0)
    for start, end in pairwise(edges):
        x[0] += amount
        inside = (time_h >= start) & (time_h < end)
        grid = np.unique(np.concatenate([[start], time_h[inside], [end]]))
        course = integrate.odeint(slope, x, grid, rtol=1e-9, atol=1e-9)
        at = np.searchsorted(grid, time_h[inside])
        found[inside] = course[at][:, [1, 7]] / [own["V1"], 1.0]
        x = course[-1]
    return found


def friberg(model, whole, sampled) -> float:
    raw = read("torsten/friberg_short_data.json")
    total = 0.0
    for i, own in enumerate(own_values(model, whole, sampled, raw["weight"])):
        rows = slice(raw["start"][i] - 1, raw["end"][i])
        amount = float(raw["amt"][rows].max())
        found = neutrophils(own, raw["time"][rows].astype(float), amount)
        for at, seen, column, sigma in (
            ("iObsPK", "cObs", 0, "sigma_conc"),
            ("iObsPD", "neutObs", 1, "sigma_neut"),
        ):
            mine = (raw[at] > rows.start) & (raw[at] <= rows.stop)
            log_seen = np.log(raw[seen][mine])
            expected = np.log(found[raw[at][mine] - 1 - rows.start, column])
            total += normal(log_seen, expected, whole[sigma]) - log_seen.sum()
    medians = {"CL": (10, 0.2), "Q": (15, 0.1), "V1": (35, 0.1), "V2": (100, 0.2), "ka": (2, 0.2)}
    medians |= {"mtt": (125, 0.2), "circ0": (5, 0.2), "gamma": (0.17, 0.2), "slope": (2e-4, 0.2)}
    sigma = half_cauchy(whole["sigma_conc"], 0.5) + half_cauchy(whole["sigma_neut"], 0.5)
    return total + sigma + priors(whole, sampled, medians, half_cauchy, 0.5)


def elimination(_, whole, __) -> float:
    raw = read("posteriordb/one_comp_mm_elim_abs.json")
    dose, volume = float(raw["D"]), float(raw["V"])

    def slope(c, t):
        gained = whole["ka"] * dose / volume * np.exp(-whole["ka"] * t)
        return gained - whole["Vm"] / volume * c / (whole["Km"] + c)

    times = np.append(float(raw["t0"]), raw["times"])
    expected = integrate.odeint(slope, 0.0, times, rtol=1e-10, atol=1e-12)[1:, 0]
    names = ("ka", "Vm", "Km", "sigma")
    prior = sum(half_cauchy(whole[name], 1.0) for name in names)
    return prior + normal(np.log(raw["C_hat"]), np.log(expected), whole["sigma"])
