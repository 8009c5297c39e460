"""The oracles: what each kernel must return, in the plainest words, however slowly.

Never chosen at run time; the tests compare every kernel with the function of its name here. Those
that draw consume the same random stream as the kernel, so that results are equal to the bit.
"""

import math

import numpy as np

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
    rank: IntArray, crowding: FloatArray, k: int, bit_generator: np.random.BitGenerator
) -> IntArray:
    """Let two distinct contestants meet, k times."""
    rng = np.random.Generator(bit_generator)
    n = len(rank)
    winners = np.zeros(k, dtype=np.int64)
    for t in range(k if n > 1 else 0):
        a = _below(rng, n)
        b = _below(rng, n - 1)
        b += b >= a
        one, other = (rank[a], -crowding[a]), (rank[b], -crowding[b])
        if one == other:
            winners[t] = a if _bits(rng) >> 63 else b
        else:
            winners[t] = a if one < other else b
    return winners


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
        for j, (low, high) in enumerate(zip(lower.tolist(), upper.tolist(), strict=True)):
            if rng.random() >= prob_var:
                continue
            near, far = sorted(pair[:, j].tolist())
            gap = far - near
            if gap <= 1e-14 or low == high:
                continue
            u = rng.random()
            down = 0.5 * ((near + far) - _spread(u, near - low, gap, eta + 1) * gap)
            up = 0.5 * ((near + far) + _spread(u, high - far, gap, eta + 1) * gap)
            values = min(max(down, low), high), min(max(up, low), high)
            pair[:, j] = values[::-1] if rng.random() < 0.5 else values
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
    position = _failures(rng, prob)
    while position < X.size:
        i, j = divmod(int(position), X.shape[1])
        low, high, x = float(lower[j]), float(upper[j]), float(X[i, j])
        if low < high:
            u, span, power = rng.random(), high - low, eta + 1
            if u < 0.5:
                room = max(1.0 - (x - low) / span, 0.0)
                step = (2.0 * u + (1.0 - 2.0 * u) * room**power) ** (1.0 / power) - 1.0
            else:
                room = max(1.0 - (high - x) / span, 0.0)
                step = 1.0 - (2.0 * (1.0 - u) + 2.0 * (u - 0.5) * room**power) ** (1.0 / power)
            mutated[i, j] = min(max(x + step * span, low), high)
        position += 1 + _failures(rng, prob)
    return mutated


def bit_flip(X: BoolArray, prob: float, bit_generator: np.random.BitGenerator) -> BoolArray:
    """Go from one flipped bit to the next."""
    rng = np.random.Generator(bit_generator)
    flipped = X.copy()
    position = _failures(rng, prob)
    while position < X.size:
        i, j = divmod(int(position), X.shape[1])
        flipped[i, j] = not flipped[i, j]
        position += 1 + _failures(rng, prob)
    return flipped


def insert(
    F: FloatArray,
    violation: FloatArray,
    rank: IntArray,
    order: IntArray,
    n: int,
    bit_generator: np.random.BitGenerator,
) -> None:
    """Rank everything anew, and insert the last row into every sorted list."""
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


def crowding_within_fronts(
    F: FloatArray, rank: IntArray, order: IntArray, n: int, distance: FloatArray
) -> None:
    """Measure every front by itself."""
    for front in np.unique(rank[:n]):
        rows = np.flatnonzero(rank[:n] == front).tolist()
        by_value = [[rows.index(i) for i in line if i in rows] for line in order[:, :n].tolist()]
        distance[rows] = crowding_distance(F[rows], np.array(by_value))


def most_crowded(
    rank: IntArray, distance: FloatArray, n: int, bit_generator: np.random.BitGenerator
) -> int:
    """Sort out the last front, then its least distance."""
    last = [i for i in range(n) if rank[i] == rank[:n].max()]
    least = [i for i in last if distance[i] == min(distance[last])]
    rng = np.random.Generator(bit_generator)
    return least[_below(rng, len(least)) if len(least) > 1 else 0]


def remove(order: IntArray, n: int, row: int) -> None:
    """Delete one number and rename another."""
    for by_value in order:
        left = [row if i == n - 1 else i for i in by_value[:n].tolist() if i != row]
        by_value[: n - 1] = left


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


def _failures(rng: np.random.Generator, prob: float) -> float:
    """Trials before the first success, by inversion; the draw that prob = 0 needs not is not."""
    if prob == 0.0:
        return math.inf
    log_miss = math.log1p(-prob) if prob < 1.0 else -math.inf
    return float(np.floor(math.log(1.0 - rng.random()) / log_miss))


def _spread(u: float, room: float, gap: float, power: float) -> float:
    """The spread factor beta_q of SBX."""
    alpha = 2.0 - (1.0 + 2.0 * max(room, 0.0) / gap) ** -power
    base = u * alpha if u * alpha <= 1.0 else 1.0 / (2.0 - u * alpha)
    return float(base ** (1.0 / power))
