# Carrel as an image: nothing but Python, as user 10001, on a read-only root file system (docs/deployment.md).
# tests/unit/test_deployment.py holds it to its promises; `make image-check` replays its steps without Docker.
ARG PYTHON_VERSION=3.12

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
# Set to 1 to run GGUF files of Qwen3-Embedding and Qwen3-Reranker without a server.
ARG GGUF=
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
# First what changes rarely, so that a change of Carrel's code does not fetch all packages anew.
COPY requirements-image.lock requirements-build.lock requirements-frontend.lock requirements-gguf.lock ./
RUN python -m venv --without-pip /opt/carrel
RUN pip --python /opt/carrel/bin/python install --require-hashes --only-binary :all: -r requirements-image.lock
RUN if [ -n "$GGUF" ]; then pip --python /opt/carrel/bin/python install --require-hashes --only-binary :all: --no-deps -r requirements-gguf.lock; fi
RUN python -m venv /opt/hatch
RUN /opt/hatch/bin/python -m pip install --require-hashes --only-binary :all: -r requirements-build.lock
# Node, only to bring what the pages need from npm into the wheel.
RUN /opt/hatch/bin/python -m pip install --require-hashes --only-binary :all: -r requirements-frontend.lock
COPY pyproject.toml README.md LICENSE ./
COPY frontend frontend
COPY src src
RUN /opt/hatch/bin/python frontend/build.py
COPY examples/papers examples/papers
RUN /opt/hatch/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir wheels .
RUN pip --python /opt/carrel/bin/python install --no-deps --no-index wheels/*.whl

FROM python:${PYTHON_VERSION}-slim-bookworm
# Packages of Debian to add, such as "tesseract-ocr tesseract-ocr-chi-sim" for scanned papers.
ARG DEBIAN_PACKAGES=
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="Carrel" \
      org.opencontainers.image.description="Self-hosted semantic search for academic papers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN if [ -n "$DEBIAN_PACKAGES" ]; then apt-get update && apt-get install -y --no-install-recommends $DEBIAN_PACKAGES && rm -rf /var/lib/apt/lists/*; fi
RUN groupadd --gid 10001 carrel && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin carrel
# A named volume takes owner and mode from the folder it is first mounted on.
RUN install -d -o 10001 -g 10001 -m 0700 /data /cache
COPY --from=build /opt/carrel /opt/carrel
ENV PATH=/opt/carrel/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 CARREL_HOME=/data CARREL_CACHE=/cache
USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/cache"]
EXPOSE 8765
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/healthz', timeout=4)"]
ENTRYPOINT ["carrel"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8765"]
