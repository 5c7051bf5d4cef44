"""Figures of a trained network."""
def add_arguments(parser): pass
def evaluate(settings, network, options): pass
