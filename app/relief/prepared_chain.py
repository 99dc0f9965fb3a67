"""The chain made ready for stepping weights `(prone, states, diaries, kinds)` from day to day, and for reading them."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse import block_diag, csr_array

from . import parameters as par
from .chain import Chain, chain_of
from .moods import N_KIND
from .records import Days, Definition, Floats
from .spells import lasting

N_PRONE = len(par.PRONE_WEIGHT)
START_WEIGHT = np.outer(par.PRONE_WEIGHT, [kind.weight for kind in par.KINDS])[:, None, :]


@dataclass(frozen=True)
class PreparedChain:
    """A chain made ready.

    Args:
        onward: shape (prone * states,) twice, sparse: weights of one day -> of the next.
        flow: shape (targets, plateaus), sparse: what returns move that begin at a rate of one a day; `into` are the targets.
        lasts: chance of each cohort of young relief to count.
    """

    chain: Chain
    onward: csr_array
    flow: csr_array
    into: Days
    lasts: list[float]

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.chain.level)

    def next_day(self, now: Floats, rate: Floats) -> Floats:
        """The weights of the next day; relief ends at a rate of its own in each diary, shape (diaries,)."""
        prone, states, diaries, kinds = now.shape
        start = self.chain.relief.start
        calm = now[:, start : start + self.chain.relief.levels].transpose(1, 0, 2, 3).reshape(self.flow.shape[1], -1)
        out = np.asarray(self.onward @ now.reshape(prone * states, -1)).reshape(now.shape)
        flow = np.asarray(self.flow @ calm).reshape(len(self.into), prone, diaries, kinds) * rate[:, None]
        out[:, self.into] += flow.transpose(1, 0, 2, 3)
        return np.asarray(out)

    def flat(self, now: Floats) -> Floats:
        """The weights of the states alone, shape (states, diaries)."""
        both = now[0] + now[1]
        out = both[:, :, 0] + both[:, :, 1]
        for kind in range(2, N_KIND):
            out += both[:, :, kind]
        return np.asarray(out)

    def grow_older(self, now: Floats) -> None:
        """Lets each cohort take the place of the one before it, in place."""
        young, relief, ended = (
            now[:, block.slice] for block in (self.chain.young, self.chain.relief, self.chain.ended)
        )
        width = young.shape[1] // self.chain.young.bins
        relief[:, :width] += young[:, -width:]
        young[:, width:] = young[:, :-width].copy()
        young[:, :width] = 0
        width = ended.shape[1] // self.chain.ended.bins
        ended[:, -width:] += ended[:, -2 * width : -width]
        ended[:, width:-width] = ended[:, : -2 * width].copy()
        ended[:, :width] = 0

    def settle(self, now: Floats, diary: int) -> None:
        """Begins anew in pain, in place: what has ended is no relief from now on."""
        for prone in range(N_PRONE):
            now[prone, :, diary] = self.chain.settled @ now[prone, :, diary]
        now[:, :, diary] /= now[:, :, diary].sum()


@cache
def prepared_chain(definition: Definition) -> PreparedChain:
    """The chain of a definition, made ready."""
    chain = chain_of(definition)
    leaving = csr_array(chain.leaving[:, chain.relief.start : chain.relief.start + chain.relief.levels])
    into = np.flatnonzero(np.diff(leaving.indptr))
    return PreparedChain(chain, csr_array(block_diag(chain.onward)), csr_array(leaving[into]), into, lasting(chain))
