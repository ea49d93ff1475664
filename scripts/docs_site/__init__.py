"""Parts of the documentation that are made from the code when the site is built: ``make docs``.

A page under ``docs/`` says where one goes by a line ``<!-- made from the code: NAME -->``; what stands around it is
written by hand. Nothing that is made is kept in git, so it cannot go stale (docs/decisions/0023).
"""
