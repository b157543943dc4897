"""Every setting, read once from the environment and flags into a frozen object."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the server and the app can be told, by `RUNLIGHT_…` variables; the server's flags override."""

    model_config = SettingsConfigDict(env_prefix="RUNLIGHT_", frozen=True, extra="ignore")

    http_host: str = Field("127.0.0.1", description="Address of OTLP/HTTP and the read API.")
    http_port: int = Field(4318, ge=0, le=65535, description="Port of OTLP/HTTP and the read API; 0 picks a free one.")
    grpc_host: str = Field("127.0.0.1", description="Address of OTLP/gRPC.")
    grpc_port: int = Field(4317, ge=0, le=65535, description="Port of OTLP/gRPC; 0 picks a free one.")
    app_port: int = Field(
        8501, ge=0, le=65535, description="Port of the app when `run.py` starts it; 0 picks a free one."
    )
    database: Path = Field(Path("data/runlight.duckdb"), description="The DuckDB file.")
    max_body_bytes: int = Field(
        64 * 1024 * 1024, gt=0, description="Largest OTLP request, measured after inflating, in bytes."
    )
    queue_bytes: int = Field(
        256 * 1024 * 1024, gt=0, description="Bodies waiting for their commit, in bytes; more are told to return."
    )
    gather_ms: int = Field(5, ge=0, description="How long requests are gathered before they travel on together.")
    price_file: Path | None = Field(None, description="JSON file of own prices, which override the built-in list.")
    url: str = Field("http://127.0.0.1:4318", description="The server, as the app and scripts reach it.")
    api_key: str | None = Field(None, description="Key that the app sends to the server.")
