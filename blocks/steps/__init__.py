"""What the system does by itself, one function each: ask the register → rules → door → wake.

The mirror of `blocks.actions`. A flow calls these in order; each takes ids and the service account
it acts under, makes one transaction, does its part only if it is due, and is harmless to repeat.
It returns a Chinese sentence of what was done, or None when there was nothing to do.
"""
