"""What went wrong, said in its place; what is quoted may be a log's or a link's, so it is shown as text."""

from __future__ import annotations

import streamlit as st

from loganalytics.dashboard import state
from loganalytics.sanitize import printable

_MAX_CHARACTERS = 600
_PLACE, _PROBLEMS = "notice-place", "notice-problems"


def rejected(name: str) -> None:
    """Draw under a box why what was typed in it is not used; nothing where it is."""
    rejection = state.rejected(name)
    if rejection:
        st.error("Not used; the page shows the view as it was.", icon=":material/error:")
        st.text(printable(rejection[1], _MAX_CHARACTERS))


def link_problems() -> None:
    """Draw what could not be read in the link that the session began with; its page can add to it."""
    st.session_state[_PLACE] = st.empty()
    st.session_state[_PROBLEMS] = list(state.link_problems())
    if state.link_problems():
        with st.session_state[_PLACE].container():
            unusable(*state.link_problems())


def add(problem: str) -> None:
    """Draw, above the page, what its link names that is not there."""
    st.session_state[_PROBLEMS].append(problem)
    with st.session_state[_PLACE].container():
        unusable(*st.session_state[_PROBLEMS])


def unusable(*problems: str) -> None:
    """Draw what of a link cannot be used; nothing where all of it can."""
    if problems:
        st.warning("Part of this link cannot be used; the rest is kept.", icon=":material/link_off:")
        st.text("\n".join(printable(problem, _MAX_CHARACTERS) for problem in problems))
