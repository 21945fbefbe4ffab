"""A plan, or targets, that a person, a script or a language model wrote: untrusted JSON, read at one narrow door."""
