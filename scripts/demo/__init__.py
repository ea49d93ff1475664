"""The main job on real parts: Label Studio, Ray Serve, a model, two trainers, a gate, a report."""
