# Two stages: the first builds a virtual environment from the lock, the second holds only that.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
RUN pip install --no-cache-dir "uv==0.13.9"
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY src ./src
RUN uv export --frozen --no-dev --no-emit-project --extra postgres --extra clickhouse -o requirements.txt \
 && python -m venv /opt/trueline \
 && uv pip install --python /opt/trueline/bin/python --require-hashes -r requirements.txt \
 && uv pip install --python /opt/trueline/bin/python --no-deps . \
 && /opt/trueline/bin/python -m compileall -q /opt/trueline

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Trueline" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/trueline/bin:$PATH PYTHONUNBUFFERED=1 API_HOST=0.0.0.0 API_PORT=8000 LOG_LEVEL=info \
    XDG_CACHE_HOME=/var/cache/trueline
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin trueline \
 && install -d -o trueline -g trueline /data /var/cache/trueline
COPY --from=build /opt/trueline /opt/trueline
# The charts' script and the typeface, made now rather than by the first reader.
USER trueline
RUN python -c "from trueline.web import assets; assets.make_all()"
VOLUME /data
WORKDIR /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['API_PORT']}/health/ready\", timeout=4)"]
ENTRYPOINT ["trueline"]
CMD ["serve", "--home", "/data"]
