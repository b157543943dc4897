"""The API's documentation as one page that fetches nothing from elsewhere."""

from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font:14px ui-monospace,monospace}h2{margin-top:2rem}table{border-collapse:collapse}
td{padding:.15rem 1rem .15rem 0;vertical-align:top}
"""


def docs_page(description: dict[str, Any]) -> str:
    """An HTML page of the OpenAPI description: each route with its parameters."""
    info = description["info"]
    routes = [
        _route(path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style><h1>{escape(info['title'])} API</h1>"
        f"<p>{escape(info.get('description', ''))} Lists answer as JSON, CSV or an Arrow "
        "stream, as the Accept header asks. "
        "Runs can also be narrowed by <code>attr.&lt;key&gt;=&lt;value&gt;</code>. For machines: "
        f'<a href="openapi.json">openapi.json</a>.</p>{"".join(routes)}</html>'
    )


def _route(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(parameter.get('description', parameter['in']))}"
        for parameter in operation.get("parameters", [])
    )
    return (
        f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation.get('summary', ''))}</p>"
        f"<table>{parameters}</table>"
    )
