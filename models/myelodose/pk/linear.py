r"""Linear pharmacokinetics in closed form: exact over any step, wherever rate constants coincide.

A model is a chain of absorption stages that empty into a disposition of one or two compartments,
with an effect compartment beside it if asked for. What a unit in one compartment leaves in
another after dt is a sum of terms c dt^n exp[-k_0 dt, ..., -k_n dt]: the product c of the rate
constants on the way times a divided difference of exp over them. A constant input is one more
node at 0. Derivation: docs/pharmacokinetics.md.

Time is in hours, amounts in mg, clearances in L/h, volumes in L.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.errors import InputError
from myelodose.pk.divided_differences import divided_differences
from myelodose.pk.parameters import Value


class Term(NamedTuple):
    """c dt^n exp[-k_0 dt, ..., -k_n dt]; `nodes` are the names of k_0 to k_n."""

    coefficient: Value
    nodes: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """The divided difference of a state that decays."""
        return tuple(sorted(self.nodes))

    @property
    def infused(self) -> tuple[str, ...]:
        """The divided difference of a constant input: one more node at 0."""
        return tuple(sorted((*self.nodes, "input")))


@dataclass(frozen=True, kw_only=True)
class LinearModel(ABC):
    """What the linear models share; see `OneCompartment` and `TwoCompartment`.

    A state is an array [compartment, ...] of amounts [mg], in the order of `names`; the effect
    compartment holds a concentration [mg/L]. Parameters are scalars, or arrays that broadcast
    against the trailing axes. All methods are pure and work under jit, grad, jvp and vmap.
    """

    CL: Value
    ka: Value | None = None
    ke0: Value | None = None
    transits: int = 0

    @property
    @abstractmethod
    def central_volume(self) -> Value:
        """Volume of the central compartment [L]."""

    @property
    @abstractmethod
    def _disposition(self) -> tuple[str, ...]:
        """Compartments behind the absorption chain, the central one first."""

    @abstractmethod
    def rate_constants(self) -> dict[str, Value]:
        """Rate constants by name [1/h]: those of disposition from fast to slow, ka, ke0."""

    @abstractmethod
    def _disposition_terms(self) -> dict[tuple[str, str], list[Term]]:
        """Terms from each compartment of `_disposition` to each."""

    @abstractmethod
    def equilibrium(self, rate: Value, *, into: str | None = None) -> Float[Array, "c ..."]:
        """State under a constant input that never began: what goes in comes out.

        Args:
            rate: Input [mg/h].
            into: Compartment; the first by default.
        """

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the absorption stages: none, or gut, transit_1, transit_2, ..."""
        if self.ka is None:
            return ()
        return ("gut", *(f"transit_{i + 1}" for i in range(self.transits)))

    @property
    def dosed(self) -> tuple[str, ...]:
        """Names of the compartments that hold drug, all but the effect compartment."""
        return (*self.stages, *self._disposition)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the compartments in the order of the state.

        gut, transit_1, ..., central, peripheral, effect, as far as the model has them. Compartment
        1 of an event table is the first of these: the gut where there is one.
        """
        effect = () if self.ke0 is None else ("effect",)
        return (*self.dosed, *effect)

    def advance(
        self,
        state: Array,
        dt: Value,
        rate: Value = 0.0,
        *,
        into: str | None = None,
    ) -> Float[Array, "c ..."]:
        """The state `dt` hours later, exactly, under constant input.

        Args:
            state: Amounts [compartment, ...] [mg]; the trailing axes broadcast with `dt`.
            dt: Step [h], at least 0.
            rate: Constant input over the step [mg/h].
            into: Compartment that takes it; the first by default. "all" says that `rate` has
                the shape of the state, one rate for each compartment.

        Returns:
            Amounts [compartment, ...] [mg] in the shape that state, step and parameters make.

        Raises:
            InputError: If there is no such compartment.

        Example:
            >>> from myelodose.pk import OneCompartment
            >>> model = OneCompartment(CL=10.0, V=80.0)
            >>> float(model.advance(jnp.array([1000.0]), 8 * jnp.log(2.0))[0].round(2))
            500.0
        """
        dt = jnp.asarray(dt) * 1.0
        nodes = {name: -(jnp.asarray(k) * dt) for name, k in self.rate_constants().items()}
        state = jnp.asarray(state)
        rates = self._rates(rate, into)
        ways = self._terms()
        wanted = [term.key for terms in ways.values() for term in terms]
        given = [terms for (source, _), terms in ways.items() if source in rates]
        wanted += [term.infused for terms in given for term in terms]
        exp = divided_differences(nodes | {"input": 0.0}, wanted)
        after: list = [0.0] * len(self.names)
        for (source, target), terms in ways.items():
            start, end = self._place(source), self._place(target)
            for term in terms:
                c, power = term.coefficient, len(term.nodes) - 1
                scale = c if power == 0 else c * dt**power
                after[end] = after[end] + state[start] * (scale * exp[term.key])
                if source in rates:
                    infused = c * dt ** (power + 1) * exp[term.infused]
                    after[end] = after[end] + rates[source] * infused
        return jnp.stack(jnp.broadcast_arrays(*after))

    def derivative(self, state: Array, rate: Value = 0.0) -> Float[Array, "c ..."]:
        """Time derivative of the state [mg/h], the vector field that `advance` solves.

        Args:
            state: Amounts [compartment, ...] [mg].
            rate: Constant inputs in the shape of the state [mg/h]; a plain 0 for none.

        Example:
            >>> from myelodose.pk import OneCompartment
            >>> OneCompartment(CL=10.0, V=80.0).derivative(jnp.array([80.0])).tolist()
            [-10.0]
        """
        k, state = self.rate_constants(), jnp.asarray(state)
        slopes: list = [jnp.zeros_like(state[0])] * len(self.names)
        for (source, target), terms in self._terms().items():
            end = self._place(target)
            # At dt = 0 a term of one node falls at its rate and one of two rises; others rest.
            for c, nodes in terms:
                if len(nodes) > 2:
                    continue
                entry = -c * k[nodes[0]] if len(nodes) == 1 else c
                slopes[end] = slopes[end] + entry * state[self._place(source)]
        return jnp.stack(jnp.broadcast_arrays(*slopes)) + rate

    def concentration(self, state: Array) -> Float[Array, "..."]:
        """Concentration in the central compartment [mg/L]: its amount over its volume."""
        return jnp.asarray(state)[self._place("central")] / self.central_volume

    def body(self, state: Array) -> Float[Array, "..."]:
        """Drug in the body [mg]: the sum over all compartments but the effect compartment."""
        return jnp.asarray(state)[: len(self.dosed)].sum(0)

    def trough(
        self,
        amount: Value,
        interval: Value,
        *,
        duration: Value = 0.0,
        into: str | None = None,
        before: Value = 0.0,
    ) -> Float[Array, "c ..."]:
        """Steady state shortly before a dose, under equal doses at equal intervals.

        With the propagator P over the interval and d what one dose has left at its end, the
        trough is s = P s + d, so s = (I - P)^-1 d. An infusion longer than the interval is a
        constant input of whole infusions, and a shorter one.

        Args:
            amount: Dose [mg].
            interval: Time between doses [h], above 0.
            duration: Length of the infusion [h]; a plain 0 is a bolus or an oral dose.
            into: Compartment that is dosed; the first by default.
            before: How long before the next dose [h], from 0 to the interval.

        Returns:
            Amounts [compartment, ...] [mg].

        Raises:
            InputError: If there is no such compartment.
        """
        interval, before = jnp.asarray(interval), jnp.asarray(before)
        if isinstance(duration, int | float) and duration == 0:
            dose = self._unit(into, amount)
            start = self._repeated(self.advance(dose, interval), interval) + dose
            return self.advance(start, interval - before)
        rate = amount / jnp.asarray(duration)
        whole = jnp.floor(duration / interval)
        rest = duration - whole * interval
        nothing = self._unit(into, 0.0 * amount)
        one = self.advance(self.advance(nothing, rest, rate, into=into), interval - rest)
        start = self._repeated(one, interval)
        on = jnp.minimum(interval - before, rest)
        periodic = self.advance(self.advance(start, on, rate, into=into), interval - before - on)
        return periodic + self.equilibrium(whole * rate, into=into)

    def steady_state(
        self,
        amount: Value,
        interval: Value,
        *,
        duration: Value = 0.0,
        into: str | None = None,
    ) -> Float[Array, "c ..."]:
        """Steady state at a dose: just after a bolus, or as an infusion begins.

        Args:
            amount: Dose [mg].
            interval: Time between doses [h], above 0. A constant input has none: `equilibrium`.
            duration: Length of the infusion [h], also longer than the interval; a plain 0 is a
                bolus or an oral dose.
            into: Compartment that is dosed; the first by default.

        Returns:
            Amounts [compartment, ...] [mg].

        Raises:
            InputError: If there is no such compartment.

        Example:
            >>> from myelodose.pk import OneCompartment
            >>> model = OneCompartment(CL=10.0, V=80.0)
            >>> float(model.steady_state(100.0, 8 * jnp.log(2.0))[0].round(2))
            200.0
        """
        state = self.trough(amount, interval, duration=duration, into=into)
        if isinstance(duration, int | float) and duration == 0:
            return state + self._unit(into, amount)
        return state

    def _terms(self) -> dict[tuple[str, str], list[Term]]:
        """Terms from every compartment to every one that it reaches."""
        terms = {}
        inner = self._disposition_terms()
        for i, stage in enumerate(self.stages):
            for j in range(i, len(self.stages)):
                terms[stage, self.stages[j]] = [self._through(j - i, Term(1.0, ("ka",)))]
            for target in self._disposition:
                steps = len(self.stages) - i
                terms[stage, target] = [self._through(steps, t) for t in inner["central", target]]
        terms |= inner
        if self.ke0 is not None:
            into_effect = self.ke0 / self.central_volume
            for source in self.dosed:
                terms[source, "effect"] = [
                    Term(into_effect * c, (*names, "ke0")) for c, names in terms[source, "central"]
                ]
            terms["effect", "effect"] = [Term(1.0, ("ke0",))]
        return terms

    def _through(self, steps: int, term: Term) -> Term:
        """The term behind so many absorption stages."""
        if steps == 0:
            return term
        ka = self.rate_constants()["ka"]
        return Term(ka**steps * term.coefficient, ("ka",) * steps + term.nodes)

    def _rates(self, rate: Value, into: str | None) -> Mapping[str, Value]:
        """Inputs by compartment, none where there is plainly no input."""
        if into == "all":
            rate = jnp.asarray(rate)
            return {name: rate[i] for i, name in enumerate(self.names) if name != "effect"}
        into = self._dosed(into)
        if isinstance(rate, int | float) and rate == 0:
            return {}
        return {into: rate}

    def _dosed(self, into: str | None) -> str:
        """The compartment that takes a dose; an effect compartment takes none."""
        possible = self.dosed
        if into is None:
            return possible[0]
        if into not in possible:
            raise InputError(
                f"{type(self).__name__}, into",
                f"found {into!r}",
                f"give a compartment that can be dosed: {', '.join(possible)}",
            )
        return into

    def _place(self, name: str) -> int:
        return self.names.index(name)

    def _unit(self, into: str | None, amount: Value) -> Float[Array, "c ..."]:
        """An amount in one compartment, nothing in the others."""
        place = self._place(self._dosed(into))
        amount = jnp.asarray(amount) * 1.0
        return jnp.zeros((len(self.names), *amount.shape), amount.dtype).at[place].set(amount)

    def _repeated(self, one: Float[Array, "c ..."], interval: Array) -> Float[Array, "c ..."]:
        """(I - P)^-1 d: what doses without end have left, from what one has left."""
        compartments = len(self.names)
        identity = jnp.eye(compartments, dtype=one.dtype)
        start = identity.reshape(compartments, compartments, *(1,) * (one.ndim - 1))
        propagator = self.advance(start, interval)
        system = jnp.moveaxis(start - propagator, (0, 1), (-2, -1))
        return jnp.moveaxis(
            jnp.linalg.solve(system, jnp.moveaxis(one, 0, -1)[..., None])[..., 0], -1, 0
        )

    def _before(self, rate: Value, into: str | None) -> list[Value]:
        """Amounts in the absorption stages under a constant input."""
        place = self._place(self._dosed(into))
        ka = self.rate_constants().get("ka", 1.0)
        return [rate / ka * (i >= place) for i in range(len(self.stages))]
