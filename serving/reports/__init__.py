"""The automation report as a file to hand on: CSV, JSON, one HTML page, PDF.

A project of the store goes in, bytes come out; neither FastAPI nor Ray is known here. ``vl_convert`` and
``weasyprint``, of the extra ``report``, are imported where they are used.
"""
