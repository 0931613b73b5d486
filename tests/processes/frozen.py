"""Exclude what was imported before this from garbage collections.

A collection writes to each object that it visits, so a forked process would copy the
memory of all imports: three quarters of the time of a short command.
"""

import gc

gc.collect()
gc.freeze()
