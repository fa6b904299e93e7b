"""Ordergroove's REST API over a store: lists, single objects and mutations.

Belongs here: filters, cursors, envelopes, status codes. Does not belong here: the state (`domain`), JSON bodies
(`bodies`), faults (`faults`, `fault_injection`), sockets (`server`). Only mutations change the store, and they call the
methods that tests can call too.
"""
