# Two stages: the first builds wheels of what is pinned, the second has only Python, those, fonts and the service.
FROM python:3.11.14-slim-trixie AS build
WORKDIR /src
COPY requirements.txt pyproject.toml README.md LICENSE alembic.ini ./
COPY app app
COPY migrations migrations
RUN pip wheel --no-cache-dir --wheel-dir /wheels --require-hashes -r requirements.txt \
    && pip wheel --no-cache-dir --wheel-dir /wheels --no-deps .

FROM python:3.11.14-slim-trixie
# a name in a script that the product's own fonts do not have is set with these in the report
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends fonts-noto-core fonts-droid-fallback fonts-nanum \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --uid 10001 reprieve
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --no-deps /wheels/*.whl && rm -rf /wheels
USER reprieve
WORKDIR /home/reprieve
ENV REPRIEVE_HOST=0.0.0.0 REPRIEVE_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os,urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['REPRIEVE_PORT']}/readyz\", timeout=2)"]
CMD ["reprieve", "serve"]
