# Espalier in one image: web, coordinator, clock and workers differ in their command only (compose.yaml).
#   docker build --build-arg DEVICE=cpu  .     small, for web and coordinator, and workers without a GPU
#   docker build --build-arg DEVICE=cuda .     for GPU workers
FROM python:3.11-slim-bookworm

ARG DEVICE=cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=webapp.settings \
    ESPALIER_HOST=0.0.0.0 \
    ESPALIER_VAR=/var/lib/espalier

WORKDIR /app
SHELL ["/bin/bash", "-o", "pipefail", "-c"]

COPY requirements.txt .
# PyPI's torch for x86-64 brings CUDA along; the CPU build of the same version is on PyTorch's own index.
RUN if [ "$DEVICE" = cpu ]; then \
      grep -E '^torch(vision)?==' requirements.txt \
        | xargs pip install --index-url https://download.pytorch.org/whl/cpu; \
    fi \
 && pip install -r requirements.txt

COPY manage.py ./
COPY search_engine search_engine
COPY webapp webapp
COPY templates templates
COPY static static

# Its user may not write here: without this, every process would compile all of it anew when it starts.
RUN python -m compileall -q search_engine webapp

# What Espalier keeps is in a volume: static files are collected there at start, not here.
RUN useradd --system --create-home --uid 10001 espalier \
 && mkdir -p "$ESPALIER_VAR" \
 && chown espalier "$ESPALIER_VAR"

USER 10001
VOLUME ["/var/lib/espalier"]
EXPOSE 8000
# Sockets stay open as long as somebody watches, so stopping does not wait for them.
CMD ["python", "-W", "ignore:StreamingHttpResponse", "-m", "uvicorn", "webapp.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--no-proxy-headers", "--timeout-graceful-shutdown", "5"]
