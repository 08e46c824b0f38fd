"""Where everything is kept, and for how long."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from orchestrator.config.section import HOUR, Section, url_of_server


class StoreSettings(Section):
    """Where everything is kept."""

    url: str = Field(
        "sqlite:///var/parley.db",
        repr=False,
        description="The database: 'sqlite:///folder/file', absolute 'sqlite:////folder/file', or PostgreSQL 15 or "
        "newer: 'postgresql://user@host/database?sslmode=verify-full'. Its password may come from PGPASSWORD, "
        "PGPASSFILE or PARLEY_STORE__URL.",
    )
    media: Path = Field(Path("var/media"), description="Folder for uploaded pictures and files.")
    connections: int = Field(10, ge=2, le=1000, description="Most connections of one process to PostgreSQL.")
    patience_seconds: float = Field(
        30.0, ge=0, le=HOUR, description="How long a start waits for a PostgreSQL that can't be reached."
    )


class MediaSettings(Section):
    """Files of customers and agents: where they are kept, and how they are fetched from platforms."""

    store: Literal["folder", "s3"] = Field("folder", description="'folder': in [store] media; 's3': in a bucket.")
    max_bytes: int = Field(26_214_400, ge=1024, le=1_073_741_824, description="Largest file.")
    fetch_seconds: float = Field(
        20.0, gt=0, le=HOUR, description="How long a turn waits for a customer's file, all tries together."
    )
    url: Annotated[str, AfterValidator(url_of_server)] = Field(
        "", description="The S3-compatible server, such as 'https://s3.eu-central-1.amazonaws.com'."
    )
    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{0,63}$")] = Field("", description="Its bucket.")
    region: str = Field("us-east-1", min_length=1, max_length=63, description="Its region.")
    key_id: str = Field("", description="Access key id.")
    secret: str = Field("", repr=False, description="Secret access key.")
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_.-]{0,200}$")] = Field(
        "", description="What every key in the bucket begins with, such as 'parley/'."
    )
    path_style: bool = Field(True, description="Whether the bucket stands in the path; else before the host name.")


class RetentionSettings(Section):
    """What is removed when it is old, once an hour, by one process. 0 keeps it for ever."""

    traces_days: float = Field(90.0, ge=0, le=36_500, description="Days the records of turns are kept.")
    deliveries_days: float = Field(
        30.0, ge=0, le=36_500, description="Days deliveries that went out are kept; until then receipts find them."
    )
    late_answers_days: float = Field(7.0, ge=0, le=36_500, description="Days bots' late answers are kept.")
    sessions_days: float = Field(1.0, ge=0, le=36_500, description="Days sign-ins are kept after they expired.")
    conversations_days: float = Field(
        0.0,
        ge=0,
        le=36_500,
        description="Days closed conversations are kept, with their messages and, after the last one, the customer.",
    )
