"""Classifiers of `transformers`, by name or path: the extra `parley[transformers]`, and torch beside it."""
