# The service, without Label Studio. Builds with:
#   docker build --build-arg TORCH_INDEX_URL=<PyTorch's index of CPU wheels> -t prelabel .
#   docker build --build-arg ACCELERATOR=cuda -t prelabel:cuda .
# Runs with (keys, tokens, models and the SQLite file live in the volume; nothing secret is in a layer):
#   docker run --init --shm-size 1g -p 127.0.0.1:8900:8900 -v prelabel:/var/lib/prelabel \
#     -e PRELABEL_PUBLIC_URL=http://prelabel:8900 prelabel

FROM python:3.11-slim AS build
# cpu or cuda. The default index serves CUDA builds of torch; the CPU build is an eighth of their size and has an index
# of its own. A pip.conf with credentials goes in as a build secret (--secret id=pip,src=pip.conf), never as an argument.
ARG ACCELERATOR=cpu
ARG TORCH_INDEX_URL=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/prelabel/bin:$PATH
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /build

COPY pyproject.toml constraints.txt scripts/docker_requirements.py ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv /opt/prelabel \
    && pip install -c constraints.txt ${TORCH_INDEX_URL:+--extra-index-url "$TORCH_INDEX_URL"} torch \
    && python docker_requirements.py check-torch "$ACCELERATOR"
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python docker_requirements.py list "$ACCELERATOR" > requirements.txt \
    && pip install -c constraints.txt -r requirements.txt \
    # It asks for opencv-python, which needs the libraries of a display; the headless one is there already.
    && pip install -c constraints.txt --no-deps rapid-layout

COPY README.md ./
COPY models models
COPY connectors connectors
COPY serving serving
RUN --mount=type=secret,id=pip,target=/etc/pip.conf pip install --no-deps .

FROM python:3.11-slim
RUN groupadd --gid 10001 prelabel \
    && useradd --uid 10001 --gid prelabel --home-dir /var/lib/prelabel --create-home --shell /usr/sbin/nologin prelabel
COPY --from=build /opt/prelabel /opt/prelabel
WORKDIR /app
COPY configs configs
# 0.0.0.0 is inside the container only; what the host shows of it is the -p above.
ENV PATH=/opt/prelabel/bin:$PATH PYTHONUNBUFFERED=1 PRELABEL_DATA_DIR=/var/lib/prelabel PRELABEL_HOST=0.0.0.0
USER 10001:10001
VOLUME /var/lib/prelabel
EXPOSE 8900
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ.get(\"PRELABEL_PORT\", 8900)}/healthz', timeout=8)"]
CMD ["prelabel", "serve"]
