"""In which order do the phases of a session follow each other?

What has happened may be told late and out of order, so a session's phase only ever moves on.
"""

from typing import get_args

from contracts.sessions import Phase

ORDER: tuple[Phase, ...] = get_args(Phase)
_AFTER_TAKING = ORDER[ORDER.index("medicine_taken") :]


def furthest(standing: Phase, stated: Phase) -> Phase:
    """Give the later of two phases; telling of an earlier one afterwards moves nothing back."""
    return max(standing, stated, key=ORDER.index)


def needs_medicine(phase: Phase) -> bool:
    """Say whether a phase only exists once medicine was taken."""
    return phase in _AFTER_TAKING and phase != "discharged"
