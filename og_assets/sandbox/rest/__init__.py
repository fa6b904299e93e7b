"""What a client can see of the store: Ordergroove's REST API, lists and single objects.

Belongs here: bodies, filters, cursors, envelopes, status codes. Not here: the state itself (world), what goes wrong on
purpose (faults), sockets (server). Nothing in this package changes the world.
"""
