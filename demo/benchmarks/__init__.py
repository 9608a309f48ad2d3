"""
How fast Rollcall is, measured with production settings in a database of its own.

`place` makes and drops that database and runs the sections in a process with a server's settings; each
section is a module with `measure(scene) -> Iterator[Figure]` and is listed in `run.main`. A figure stands
beside the bare SQL of the same work, so that a slow machine can be told from slow code.
"""
