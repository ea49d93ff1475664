"""People who label: what they can do, and who gets which item next.

In: who asks, what people can do, what items need. Out: leases, with the reason for each. Label Studio is not called.
"""
