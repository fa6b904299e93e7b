"""Measurements. Each module measures one thing and returns a Markdown section; `make bench` runs them all.

Machines are noisy: what is compared is measured in one run, turn by turn, and the best of each is what counts.
"""
