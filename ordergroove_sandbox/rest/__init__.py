"""What a client can see of the store and do to it: Ordergroove's REST API, lists, single objects and calls.

Belongs here: bodies, filters, cursors, envelopes, status codes. Not here: the state itself (state), what goes wrong on
purpose (faults), sockets (server). Only mutations change the state,
and they through the same methods that a test can call.
"""
