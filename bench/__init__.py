"""How fast Runlight is: makes telemetry, sends it to a real server, asks it questions, and writes down what came out.

Nothing here is imported by the product; `python -m bench --help` lists what it can do.
"""
