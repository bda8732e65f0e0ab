# One image for both roles: `python -m launcher web` (the default) and `python -m launcher clock`.
#
# The base is pinned by digest, so that a rebuild of an old commit is the old image. To move to a newer one:
#   docker buildx imagetools inspect python:3.13-slim   # copy the digest of the index: it covers amd64 and arm64
# Another base needs Python >= 3.11 with venv, and ca-certificates: --build-arg BASE=...
ARG BASE=docker.io/library/python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

# --- build: what is needed only to install ------------------------------------------------------------
# hadolint ignore=DL3006
FROM ${BASE} AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS=true \
    UV_PROJECT_ENVIRONMENT=/app/.venv
WORKDIR /app
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --quiet uv==0.13.9

# The locked packages change seldom: a layer of their own.
COPY pyproject.toml uv.lock ./
RUN /opt/uv/bin/uv sync --locked --quiet --no-default-groups --python "$(command -v python3)"

COPY Procfile ./
COPY launcher ./launcher
COPY ops ./ops
COPY quartapp ./quartapp
COPY alembic ./alembic
COPY scripts/smoke_migrate.py ./scripts/smoke_migrate.py
RUN .venv/bin/python -m compileall -q launcher ops quartapp alembic scripts

# --- final: Python, the packages, the code ------------------------------------------------------------
# hadolint ignore=DL3006
FROM ${BASE}
RUN groupadd --gid 10001 parlay && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent parlay
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
# Compose sends SIGTERM to `python`, which is fit to be process 1; no shell is between them.
CMD ["python", "-m", "launcher", "web"]

# Last, because they change with every commit.
ARG GIT_SHA=unknown
ENV GIT_SHA=${GIT_SHA}
LABEL org.opencontainers.image.title="Parlay Gorilla backend" \
      org.opencontainers.image.description="Roles web and clock of Parlay Gorilla's backend" \
      org.opencontainers.image.revision="${GIT_SHA}"
