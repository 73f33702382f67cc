"""The portal (门户): what waits for a person, and every action in one click more. FastAPI and Jinja2.

A route is a `Page` (something to look at) or a `Deed` (one function of `blocks.actions`, in HTML and
as JSON); each declares who may use it. No SQL here: what pages show comes from the register.
"""
