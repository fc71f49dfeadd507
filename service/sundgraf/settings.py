"""What can be set from the environment; every name starts with SUNDGRAF_."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The service's settings. Times are seconds, sizes bytes."""

    model_config = SettingsConfigDict(env_prefix="SUNDGRAF_", extra="ignore")

    state: Path = Field(default_factory=lambda: user_data_path("sundgraf"), description="The state directory.")
    rooms: Path | None = Field(
        None, description="A folder with ontology, shapes, queries and data, in place of our own."
    )
    store: str = Field(
        default="",
        description="Query URL of a SPARQL 1.1 engine, or of its replicas with commas between; empty for our own.",
    )
    store_update: str = Field(default="", description="Update URL of that engine.")
    store_graphs: str = Field(default="", description="Graph Store Protocol URL of that engine.")
    store_user: str = Field(default="", description="User name for that engine.")
    store_password: str = Field(default="", description="Password for that engine.")
    store_engine: Literal["", "standard", "oxigraph", "virtuoso", "fuseki", "graphdb", "qlever", "neptune"] = Field(
        default="", description="Which engine that is; empty to tell by its Server header."
    )
    web_processes: int = Field(default=min(2, os.cpu_count() or 1), ge=1, le=64, description="Web processes.")
    workers: int = Field(default=2, ge=1, le=64, description="Workers for public queries in each web process.")
    long_queries: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Queries of over half a second of the processor that run beside them in each web process.",
    )
    deadline: float = Field(default=10.0, gt=0, description="Longest time a public query may run.")
    worker_memory: int = Field(default=1 << 30, description="Memory a query may take beyond the graph itself.")
    row_limit: int = Field(default=2_000_000, ge=1, description="Most rows in an answer.")
    byte_limit: int = Field(default=2 << 30, ge=1, description="Most bytes in an answer.")
    queue: int = Field(default=64, ge=0, description="Public queries that may wait for a worker in each web process.")
    query_bytes: int = Field(default=1 << 20, description="Longest query text.")
    document_bytes: int = Field(default=10 << 20, ge=1, description="Largest document to validate or submit.")
    document_seconds: float = Field(default=20.0, gt=0, description="Longest time validating one may take.")
    validations_per_minute: int = Field(
        default=600,
        ge=1,
        description="Most validations, and most submissions, of one address in a minute, in each web process.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of the proxies in front, with commas between: the reader's address and "
        "scheme are taken from their X-Forwarded-For and X-Forwarded-Proto.",
    )
    submissions_per_hour: int = Field(default=200, ge=1, description="Most submissions of one token in an hour.")
    cache_bytes: int = Field(
        32 << 20, ge=0, description="Memory for ready answers in each web process; 0 turns it off."
    )
    memory_quads: int = Field(
        6_000_000, ge=0, description="Largest graph that workers hold in memory; beyond, on disk."
    )
    column_quads: int = Field(
        200_000, ge=0, description="Smallest graph that is also kept as columns, for long queries."
    )
    log: Literal["events", "requests"] = Field(
        default="events", description="What is logged as JSON lines: what happens to the service, or every request too."
    )
    log_queries: bool = Field(default=False, description="Log what was asked (the query of the URL) with requests.")
    log_addresses: bool = Field(default=False, description="Log the readers' addresses with requests.")
    metrics: bool = Field(default=True, description="Answer /metrics.")
    metrics_token: str = Field(default="", description="Bearer token that /metrics asks for; empty for nobody's.")
    drain: float = Field(
        default=0.0, ge=0, description="How long /ready says no before the service stops, for a load balancer to see."
    )
    stop_seconds: float = Field(default=10.0, gt=0, description="How long requests may take to end when it stops.")
    service_allow: str = Field(
        default="", description="Comma-separated endpoints that SERVICE may call; none by default."
    )

    @field_validator("service_allow", "store", "store_update", "store_graphs")
    @classmethod
    def _require_endpoints(cls, text: str) -> str:
        for endpoint in text.replace(",", " ").split():
            if not re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", endpoint):
                raise ValueError(f"{endpoint!r} is no address of an endpoint; write https://..., parted by commas")
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _require_networks(cls, text: str) -> str:
        for part in filter(None, (part.strip() for part in text.split(","))):
            try:
                ipaddress.ip_network(part)
            except ValueError as error:
                raise ValueError(f"{part!r} is no address or network; write 10.0.0.7 or 10.0.0.0/8") from error
        return text

    @property
    def replicas(self) -> list[str]:
        """The query URLs of the remote engine; none for our own store."""
        return [url for url in self.store.replace(",", " ").split() if url]

    @property
    def pushes(self) -> bool:
        """Whether what is published here is brought to the remote engine."""
        return bool(self.store and self.store_update and self.store_graphs)
