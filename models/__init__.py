"""Items in, predictions with a confidence out, and the gate that says which may be trusted.

Imports none of the other packages: no Ray, HTTP, SQL or Label Studio here.
"""
