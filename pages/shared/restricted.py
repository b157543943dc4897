"""Says that content is not shown here, where an empty box would seem to say that there is none."""

import streamlit as st

SENTENCE = "Content is restricted in this project"
_MORE = "What agents were told, answered and passed on is shown to reviewers and admins alone."


def say() -> None:
    """The sentence, with who is shown it."""
    st.info(_MORE, title=SENTENCE, icon=":material/lock:")
