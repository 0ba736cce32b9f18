"""Attribution: which sources support which sentences of an answer, and on which page."""
