"""The oracles: what each kernel must return, in the plainest words, however slowly.

Never chosen at run time; the tests compare every kernel with the function of its name here. Those
that draw consume the same random stream as the kernel, so that results are equal to the bit.
"""

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..typing import BoolArray, FloatArray, IntArray


def nondominated_rank(F: FloatArray) -> IntArray:
    """Peel off the non-dominated points, front by front."""
    return _peeled(_dominates(F))


def sort_objectives(F: FloatArray, rng: np.random.Generator | None = None) -> IntArray:
    """Sort the indices, or a random arrangement of them, by each objective."""
    n, m = F.shape
    order = np.empty((m, n), dtype=np.int64)
    for j in range(m):
        arrangement = range(n) if rng is None else rng.permutation(n)
        order[j] = sorted(arrangement, key=F[:, j].__getitem__)
    return order


def crowding_distance(F: FloatArray, order: IntArray) -> FloatArray:
    """Add up the gap around each point over its objectives."""
    return _distance(F, order, range(len(F)))


def truncate(F: FloatArray, order: IntArray, priority: FloatArray, keep: int) -> IntArray:
    """Remove the point of least distance, then measure everything again."""
    left = list(range(len(F)))
    while len(left) > keep:
        distance = _distance(F, order, left)
        left.remove(min(left, key=lambda i: (distance[i], priority[i], i)))
    return np.array(left, dtype=np.int64)


def survive(
    F: FloatArray, rank: IntArray, keep: int, rng: np.random.Generator, giving_way: int = 0
) -> tuple[IntArray, IntArray, FloatArray]:
    """Whole fronts, then the least crowded; drawing in the order of the kernel."""
    fronts = [np.flatnonzero(rank == r) for r in range(int(rank.max(initial=-1)) + 1)]
    survivors: list[IntArray] = []
    crowding = np.zeros(len(F))
    for front in fronts:
        room = max(0, keep - sum(map(len, survivors)))
        kept = np.arange(min(room, len(front)))
        if 0 < room < len(front):
            first = list(range(len(front)))
            if (rank <= rank[front[0]]).sum() <= giving_way:
                first = first_equals(F[front])
            unlike = sorted(set(first))
            at_once = room <= len(unlike)
            cut = front[unlike] if at_once else front
            order = _shuffled_order(F[cut], rng)
            kept = truncate(F[cut], order, rng.random(len(cut)), room)
            kept = kept if at_once else with_the_lost(first, kept)
            left = np.array([np.searchsorted(kept, o[np.isin(o, kept)]) for o in order])
            crowding[cut[kept]] = crowding_distance(F[cut[kept]], left)
            survivors.append(cut[kept])
            continue
        survivors.append(front[kept])
    for front, all_of_it in zip(survivors, fronts, strict=True):
        if 0 < len(front) == len(all_of_it):
            crowding[front] = crowding_distance(F[front], _shuffled_order(F[front], rng))
    rows = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *survivors]))
    return rows, rank[rows], crowding[rows]


def first_equals(F: FloatArray) -> list[int]:
    """For each row the first one that equals it."""
    return [next(k for k in range(len(F)) if (F[k] == row).all()) for row in F]


def with_the_lost(first: list[int], kept: IntArray) -> IntArray:
    """While a first one has no copy in `kept`, it comes for the last that has one there."""
    left = set(kept.tolist())
    for lost in sorted(set(first) - {first[i] for i in left}):
        held = [first[i] for i in left]
        spare = [i for i in left if held.count(first[i]) > 1]
        if not spare:
            break
        left = left - {max(spare)} | {lost}
    return np.array(sorted(left), dtype=np.int64)


def _shuffled_order(F: FloatArray, rng: np.random.Generator) -> IntArray:
    """The rows by each objective, ties at random unless all tie."""
    order = np.empty(F.shape[::-1], dtype=np.int64)
    lexicographic = np.lexsort(F.T[::-1]).tolist()
    for j, column in enumerate(F.T):
        rows = sorted(lexicographic, key=column.__getitem__)  # stably
        first = 0
        while first < len(rows) and column[rows[0]] != column[rows[-1]]:
            end = first + 1
            while end < len(rows) and column[rows[end]] == column[rows[first]]:
                end += 1
            for p in range(end - 1, first, -1):
                q = first + _below(rng, p - first + 1)
                rows[p], rows[q] = rows[q], rows[p]
            first = end
        order[j] = rows
    return order


def all_finite(*arrays: FloatArray) -> bool:
    """Look at every value."""
    return all(bool(np.isfinite(F).all()) for F in arrays)


def gather(rows: IntArray, *pairs: tuple[NDArray[Any], NDArray[Any]]) -> list[NDArray[Any]]:
    """Put them together first."""
    return [np.concatenate(pair)[rows] for pair in pairs]


def stack(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """NumPy's."""
    return np.concatenate([first, second])


def arange_int64(first: int, n: int) -> IntArray:
    """NumPy's."""
    return np.arange(first, first + n, dtype=np.int64)


def full_float64(n: int, value: float) -> FloatArray:
    """NumPy's."""
    return np.full(n, value)


def full_int32(n: int, value: int) -> NDArray[np.int32]:
    """NumPy's."""
    return np.full(n, value, dtype=np.int32)


class RowSet:
    """A Python set of tuples."""

    def __init__(self, n_var: int, dtype: DTypeLike, n: int = 8) -> None:
        self._rows: set[tuple[Any, ...]] = set()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, X: NDArray[Any]) -> IntArray:
        """One row after the other."""
        repeated = []
        for i, row in enumerate(map(tuple, X.tolist())):
            if row in self._rows:
                repeated.append(i)
            self._rows.add(row)
        return np.array(repeated, dtype=np.int64)


class HashSet:
    """The rows themselves, in the order in which they came; hashes of its own."""

    def __init__(self, n_var: int, dtype: DTypeLike) -> None:
        self._held: list[bytes] = []

    def __len__(self) -> int:
        return len(self._held)

    def add(self, X: NDArray[Any]) -> IntArray:
        """One row after the other."""
        repeated = []
        for i, row in enumerate(X.tolist()):
            digest = hashlib.blake2b(repr([v + 0 for v in row]).encode(), digest_size=16).digest()
            if digest in self._held:
                repeated.append(i)
            else:
                self._held.append(digest)
        return np.array(repeated, dtype=np.int64)

    def take_back(self, held: int) -> None:
        """Cut the list."""
        del self._held[held:]

    def hashes_of(self) -> NDArray[np.uint64]:
        """BLAKE2."""
        return np.frombuffer(b"".join(self._held), dtype=np.uint64).reshape(-1, 2)

    def add_hashes(self, hashes: NDArray[np.uint64]) -> None:
        """Append them."""
        self._held += [row.tobytes() for row in hashes]


def truncate_once(distance: FloatArray, priority: FloatArray, keep: int) -> IntArray:
    """Sort once and drop the first."""
    order = sorted(range(len(distance)), key=lambda i: (distance[i], priority[i], i))
    return np.array(sorted(order[len(order) - keep :]), dtype=np.int64)


def truthful_distance(F: FloatArray, standing: FloatArray) -> FloatArray:
    """Add up each point's least distance to those before it over the rows."""
    return _truthful(F, standing, range(len(F)))


def truncate_truthful(
    F: FloatArray, standing: FloatArray, priority: FloatArray, keep: int
) -> IntArray:
    """Remove the point of least distance, then measure everything again."""
    left = list(range(len(F)))
    while len(left) > keep:
        distance = _truthful(F, standing, left)
        left.remove(min(left, key=lambda i: (distance[i], priority[i], i)))
    return np.array(left, dtype=np.int64)


def binary_tournament(
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    bit_generator: np.random.BitGenerator,
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> IntArray:
    """Let two distinct contestants meet, k times."""
    meet = tournaments(rank, crowding, bit_generator, F, violation)
    return np.array([next(meet) for _ in range(k)], dtype=np.int64)


def tournaments(
    rank: IntArray,
    crowding: FloatArray,
    bit_generator: np.random.BitGenerator,
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> Iterator[int]:
    """Winners without end: two after two contestants of one permutation after the other."""
    rng = np.random.Generator(bit_generator)
    n = len(rank)
    order = list(range(n))
    while n == 1:
        yield 0
    while True:
        for place in range(0, n - 1, 2):
            for i in (place, place + 1):  # Fisher, Yates
                other = i + _below(rng, n - i)
                order[i], order[other] = order[other], order[i]
            a, b = order[place : place + 2]
            if F is None or violation is None:
                better, worse = rank[a] < rank[b], rank[b] < rank[a]
            elif violation[a] > 0 or violation[b] > 0:
                better, worse = violation[a] < violation[b], violation[b] < violation[a]
            else:
                (_, better), (worse, _) = _dominates(F[[a, b]])
            yield a if better or (not worse and crowding[a] >= crowding[b]) else b


def sbx(
    A: FloatArray,
    B: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    eta: float,
    prob: float,
    prob_var: float,
    bit_generator: np.random.BitGenerator,
) -> FloatArray:
    """Cross pair by pair, variable by variable."""
    rng = np.random.Generator(bit_generator)
    children = np.stack([A, B], axis=1)
    for pair in children:
        if rng.random() >= prob:
            continue
        for start in range(0, len(lower), 64):
            for j in _chosen(rng, range(len(lower))[start : start + 64], prob_var):
                word = _bits(rng)
                low, high, u = float(lower[j]), float(upper[j]), _unit(word)
                near, far = sorted(pair[:, j].tolist())
                gap = far - near
                if gap <= 1e-14 or low == high:
                    continue
                down = 0.5 * ((near + far) - _spread(u, near - low, gap, eta + 1) * gap)
                up = 0.5 * ((near + far) + _spread(u, high - far, gap, eta + 1) * gap)
                values = min(max(down, low), high), min(max(up, low), high)
                pair[:, j] = values[::-1] if word & 1 else values
    return children.reshape(2 * len(A), A.shape[1])


def polynomial_mutation(
    X: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    eta: float,
    prob: float,
    bit_generator: np.random.BitGenerator,
) -> FloatArray:
    """Go from one mutated value to the next."""
    rng = np.random.Generator(bit_generator)
    mutated = X.copy()
    for position in _successes(rng, X.size, prob):
        i, j = divmod(position, X.shape[1])
        low, high, x = float(lower[j]), float(upper[j]), float(X[i, j])
        if low < high:
            u, span, power = _unit(_bits(rng)), high - low, eta + 1
            if u < 0.5:
                room = max(1.0 - (x - low) / span, 0.0)
                step = (2.0 * u + (1.0 - 2.0 * u) * room**power) ** (1.0 / power) - 1.0
            else:
                room = max(1.0 - (high - x) / span, 0.0)
                step = 1.0 - (2.0 * (1.0 - u) + 2.0 * (u - 0.5) * room**power) ** (1.0 / power)
            mutated[i, j] = min(max(x + step * span, low), high)
    return mutated


def real_children(
    X: FloatArray,
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    lower: FloatArray,
    upper: FloatArray,
    eta_crossover: float,
    prob: float,
    prob_var: float,
    eta_mutation: float,
    prob_mutation: float,
    bit_generator: np.random.BitGenerator,
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> tuple[FloatArray, IntArray]:
    """Select, cross and mutate, one after the other, 16 pairs at a time."""
    meet = tournaments(rank, crowding, bit_generator, F, violation)
    children, rows = np.empty((0, X.shape[1])), np.empty((0, 2), dtype=np.int64)
    while len(children) < k:
        some = min(32, k - len(children))
        pairs = np.array([next(meet) for _ in range(some + some % 2)]).reshape(-1, 2)
        A, B = X[pairs[:, 0]], X[pairs[:, 1]]
        crossed = sbx(A, B, lower, upper, eta_crossover, prob, prob_var, bit_generator)[:some]
        mutated = polynomial_mutation(
            crossed, lower, upper, eta_mutation, prob_mutation, bit_generator
        )
        children = np.concatenate([children, mutated])
        rows = np.concatenate([rows, np.repeat(pairs, 2, axis=0)[:some]])
    return children, rows


def bit_children(
    X: BoolArray,
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    prob: float,
    bit_generator: np.random.BitGenerator,
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> tuple[BoolArray, IntArray]:
    """Select, then go from one flipped bit to the next."""
    winners = binary_tournament(rank, crowding, k, bit_generator, F, violation)
    rng = np.random.Generator(bit_generator)
    children = X[winners]
    for position in _successes(rng, children.size, prob):
        i, j = divmod(position, X.shape[1])
        children[i, j] = not children[i, j]
    return children, np.stack([winners, np.full(k, -1)], axis=1)


def crossed_bits(
    X: BoolArray,
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    prob: float,
    prob_var: float,
    prob_flip: float,
    bit_generator: np.random.BitGenerator,
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> tuple[BoolArray, IntArray]:
    """Select pairs, exchange bits of one after the other, then go from one flipped to the next."""
    winners = binary_tournament(rank, crowding, k + k % 2, bit_generator, F, violation)
    rng = np.random.Generator(bit_generator)
    children = X[winners]
    for one, other in zip(children[0::2], children[1::2], strict=True):
        if rng.random() >= prob:
            continue
        for start in range(0, X.shape[1], 64):
            for j in _chosen(rng, range(X.shape[1])[start : start + 64], prob_var):
                one[j], other[j] = other[j], one[j]
    children = children[:k]
    for position in _successes(rng, children.size, prob_flip):
        i, j = divmod(position, X.shape[1])
        children[i, j] = not children[i, j]
    return children, np.repeat(winners.reshape(-1, 2), 2, axis=0)[:k]


def working_children(
    Z: FloatArray,
    rank: IntArray,
    crowding: FloatArray,
    k: int,
    lower: FloatArray,
    upper: FloatArray,
    categories: IntArray,
    eta_crossover: float,
    prob: float,
    prob_var: float,
    eta_mutation: float,
    prob_mutation: float,
    bit_generator: np.random.BitGenerator,
    F: FloatArray | None = None,
    violation: FloatArray | None = None,
) -> tuple[FloatArray, IntArray]:
    """Select, cross and mutate, each once on all rows; what has no order is swapped and redrawn.

    No kernel of its own: spaces with working coordinates ``Z`` other than candidates are varied so.
    """
    rng = np.random.Generator(bit_generator)
    listed = categories > 0
    pairs = binary_tournament(rank, crowding, k + k % 2, bit_generator, F, violation).reshape(-1, 2)
    A, B = Z[pairs[:, 0]], Z[pairs[:, 1]]
    children = sbx(A, B, lower, upper, eta_crossover, prob, prob_var, bit_generator)
    if listed.any():
        swap = rng.random((len(pairs), listed.sum())) < 0.5 * prob
        children[0::2, listed] = np.where(swap, B[:, listed], A[:, listed])
        children[1::2, listed] = np.where(swap, A[:, listed], B[:, listed])
    mutated = children = children[:k]
    if not listed.all():
        mutated = polynomial_mutation(
            children, lower, upper, eta_mutation, prob_mutation, bit_generator
        )
    if listed.any():
        values, kinds = children[:, listed], categories[listed]
        change = rng.random(values.shape) < prob_mutation
        another = (values + rng.integers(1, kinds, size=values.shape)) % kinds
        mutated[:, listed] = np.where(change, another, values)
    return mutated, np.repeat(pairs, 2, axis=0)[:k]


def breed_distinct(
    breed: Callable[[int], tuple[NDArray[Any], IntArray]], X: NDArray[Any], k: int, redraws: int
) -> tuple[NDArray[Any], IntArray]:
    """Breed k children of X, and those again that repeat others; ``breed`` takes them as they come.

    What ``real_children`` and ``bit_children`` do with `redraws`.
    """
    seen = RowSet(X.shape[1], X.dtype)
    seen.add(X)
    children, rows = breed(k)
    repeated = seen.add(children)
    for _ in range(redraws if len(repeated) else 0):
        children[repeated], rows[repeated] = breed(len(repeated))
        repeated = repeated[seen.add(children[repeated])]
        if not len(repeated):
            break
    return np.delete(children, repeated, axis=0), np.delete(rows, repeated, axis=0)


def insert(
    F: FloatArray,
    violation: FloatArray,
    rank: IntArray,
    distance: FloatArray,
    order: IntArray,
    n: int,
    bit_generator: np.random.BitGenerator,
) -> None:
    """Rank and measure everything anew, and insert the last row into every sorted list."""
    rng = np.random.Generator(bit_generator)
    worse = violation[: n + 1]
    infeasible = (worse[:, None] > 0) | (worse[None, :] > 0)
    less: BoolArray = worse[:, None] < worse[None, :]
    rank[: n + 1] = _peeled(np.where(infeasible, less, _dominates(F[: n + 1])))
    for j, values in enumerate(F.T):
        by_value = order[j, :n].tolist()
        place = sum(values[i] < values[n] for i in by_value)
        equals = sum(values[i] == values[n] for i in by_value)
        by_value.insert(place + (_below(rng, equals + 1) if equals else 0), n)
        order[j, : n + 1] = by_value
    _measure_fronts(F, rank, distance, order, n + 1)


def replace(
    F: FloatArray,
    violation: FloatArray,
    rank: IntArray,
    distance: FloatArray,
    order: IntArray,
    n: int,
    bit_generator: np.random.BitGenerator,
    copies_give_way: bool = False,
) -> int:
    """Insert a row; sort out the last front, then its least distance; measure everything again."""
    insert(F, violation, rank, distance, order, n, bit_generator)
    last = [i for i in range(n + 1) if rank[i] == rank[: n + 1].max()]
    least = [i for i in last if distance[i] == min(distance[last])]
    rng = np.random.Generator(bit_generator)
    row = least[_below(rng, len(least)) if len(least) > 1 else 0]
    if copies_give_way and violation[row] == 0:
        first = first_equals(F[last])
        copies = [i for k, i in enumerate(last) if first[k] != k]
        if first.count(first[last.index(row)]) == 1 and copies:
            row = max(copies)
    for by_value in order:
        left = [row if i == n else i for i in by_value[: n + 1].tolist() if i != row]
        by_value[:n] = left
    for array in (F, violation, rank):
        array[row] = array[n]
    _measure_fronts(F, rank, distance, order, n)
    return row


def _measure_fronts(
    F: FloatArray, rank: IntArray, distance: FloatArray, order: IntArray, n: int
) -> None:
    """Crowding distances of every front by itself."""
    for front in np.unique(rank[:n]):
        rows = np.flatnonzero(rank[:n] == front).tolist()
        by_value = [[rows.index(i) for i in line if i in rows] for line in order[:, :n].tolist()]
        distance[rows] = crowding_distance(F[rows], np.array(by_value))


def _dominates(F: FloatArray) -> BoolArray:
    """(n, n), True where the row's point dominates the column's."""
    no_worse: BoolArray = np.all(F[:, None, :] <= F[None, :, :], axis=2)
    return no_worse & ~no_worse.T


def _peeled(dominates: BoolArray) -> IntArray:
    """The ranks by who dominates whom."""
    rank = np.full(len(dominates), -1, dtype=np.int64)
    front = 0
    while (rank < 0).any():
        left = rank < 0
        rank[left & ~dominates[left].any(axis=0)] = front
        front += 1
    return rank


def _distance(F: FloatArray, order: IntArray, left: "range | list[int]") -> FloatArray:
    """Crowding distances among the points that are left, as shares of the ranges of all."""
    total = np.zeros(len(F))
    for j, row in enumerate(order):
        values = F[:, j].tolist()
        scale, span = _scaled_range(values)
        if span == 0.0 or not left:
            continue
        line = [i for i in row.tolist() if i in left]
        total[[line[0], line[-1]]] = np.inf
        for below, i, above in zip(line, line[1:], line[2:], strict=False):
            total[i] += (values[above] * scale - values[below] * scale) / span
    return total


def _truthful(F: FloatArray, standing: FloatArray, left: "range | list[int]") -> FloatArray:
    """Truthful distances among the points that are left, as shares of the ranges of all."""
    columns = F.T.tolist()
    ranges = [_scaled_range(values) for values in columns]

    def apart(a: int, b: int) -> float:
        total = 0.0  # one by one: sum() of floats rounds otherwise from Python 3.12 on
        for values, (scale, span) in zip(columns, ranges, strict=True):
            if span > 0.0:
                total += abs((values[a] * scale - values[b] * scale) / span)
        return total

    total = np.zeros(len(F))
    for values, (_, span) in zip(columns, ranges, strict=True):
        if span == 0.0:
            continue
        line = sorted(left, key=lambda i: (values[i], standing[i], i))
        for place, i in enumerate(line):
            total[i] += min((apart(i, k) for k in line[:place]), default=math.inf)
    return total


def _scaled_range(values: list[float]) -> tuple[float, float]:
    """What to scale values by so that their range is finite, and that range."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    scale = 0.5 if math.isinf(high - low) else 1.0
    return scale, high * scale - low * scale


def _bits(rng: np.random.Generator) -> int:
    """All 64 bits of one draw."""
    return int(rng.integers(0, 2**64 - 1, dtype=np.uint64, endpoint=True))


def _below(rng: np.random.Generator, bound: int) -> int:
    """Multiply 32 bits by the bound; reject the 2**32 mod bound products that are too many."""
    while True:
        whole, rest = divmod((_bits(rng) >> 32) * bound, 2**32)
        if rest >= 2**32 % bound:
            return whole


def _successes(rng: np.random.Generator, trials: int, prob: float) -> Iterator[int]:
    """Which of the trials succeed: draw how many fail before each, by inversion."""
    log_miss = math.log1p(-prob) if prob < 1.0 else -math.inf
    trial = 0.0
    while prob > 0.0 and trial < trials:
        trial += float(np.floor(math.log(_unit(_bits(rng))) / log_miss))
        if trial < trials:
            yield int(trial)
        trial += 1.0


def _unit(word: int) -> float:
    """The upper 52 bits of a word, and a half: in (0, 1)."""
    return ((word >> 12) + 0.5) * 2.0**-52


def _chosen(rng: np.random.Generator, numbers: range, prob: float) -> list[int]:
    """Each with its probability: by a bit of one word, or by a number of its own."""
    if prob == 0.5:
        word = _bits(rng)
        return [j for bit, j in enumerate(numbers) if word >> bit & 1]
    return [j for j in numbers if rng.random() < prob]


def _spread(u: float, room: float, gap: float, power: float) -> float:
    """The spread factor beta_q of SBX."""
    c = (1.0 + 2.0 * max(room, 0.0) / gap) ** -power
    base = u * (2.0 - c) if u * (2.0 - c) <= 1.0 else 1.0 / (2.0 * (1.0 - u) + u * c)
    return float(base ** (1.0 / power))
