"""Pages that people look at, made on the server. In: requests with a session. Out: HTML; htmx swaps parts of it.

``static/htmx-2.0.11.min.js`` is htmx (BSD Zero Clause), as published. ``static/vendor`` has Vega, Vega-Lite and
Vega-Embed (BSD 3-Clause) as published; Vega-Embed has the expression interpreter in it, so that charts need no eval.
"""
