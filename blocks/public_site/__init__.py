"""The public site (公示): static pages and JSON, a projection of the register, by allow-list.

Everything here can be deleted and written again from the register. Files are written whole or not
at all, and read back.
"""
