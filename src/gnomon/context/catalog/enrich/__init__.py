"""What the code that makes a table tells about it: grain, scope, derivation, lineage, and its look-alikes.

`extract` reads code by rule and always runs; `refine` has a model put the same evidence in better words.
"""
