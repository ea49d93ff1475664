"""The Ray Serve shells: no logic, and the only files (with serving/app.py) that import ray."""
