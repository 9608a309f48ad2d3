# One image for web, worker and beat; docker-compose.yml says which is which.

FROM python:3.11-slim-bookworm AS packages
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-cache

FROM python:3.11-slim-bookworm
# What letters are made with; the same list as in tools/set_up.py.
RUN apt-get update && apt-get install -y --no-install-recommends \
        libglib2.0-0 libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz0b libharfbuzz-subset0 libfontconfig1 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --home-dir /srv/rollcall rollcall
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY . .
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ROLLCALL_HOME=/srv/rollcall
USER rollcall
VOLUME /srv/rollcall
EXPOSE 8000
CMD ["gunicorn", "attendance_site.wsgi", "-c", "attendance_site/gunicorn_conf.py", "--bind", "0.0.0.0:8000"]
