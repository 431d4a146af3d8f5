"""The stories: one question a file, its answer in its docstring."""
