"""FastAPI routers: hooks from Label Studio, the ML-backend protocol, the JSON API of programs and operators."""
