"""Made-up certificate states: as many as wanted, and the same ones again.

Firms have people, people have devices, a device has certificates, and a certificate
has predecessors that it replaced, so that lists, charts and links have something to
show. All dates are relative to one moment, and all chance comes from one seed.
"""
