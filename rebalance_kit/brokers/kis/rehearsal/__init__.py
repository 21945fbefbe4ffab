"""A local KIS: real HTTP on loopback, written from the published API alone, for rehearsals without keys.

    start(...)      both environments on free ports, in threads; a context manager
    World           its clock, market and accounts, to be read and compared to the won
    faults          what goes wrong, as a list that a test or `--faults FILE` gives

It shares no code with the client that talks to it, so that a misreading in one is not repeated in the other.
"""
