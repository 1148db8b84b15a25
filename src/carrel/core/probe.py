"""The text whose vector shows whether a server still gives what it gave when it was first used."""

from carrel.core.ids import fingerprint

PROBE_TEXT = "The mitochondrion is the powerhouse of the cell; 注意力机制; ∂u/∂t = κ∇²u."

PROBE_KEY = fingerprint("probe", PROBE_TEXT)
"""Not the text's own key: nothing else is cached under it, and no paper has it."""
