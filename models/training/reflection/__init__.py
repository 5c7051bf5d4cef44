"""iris-reflection: fills holes in the unwrapped iris, where a light was, so that its fibres continue."""
