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

RUN useradd --system --create-home --uid 10001 espalier \
 && mkdir -p "$ESPALIER_VAR" \
 && ESPALIER_SECRET_KEY=only-to-collect-static-files ESPALIER_DEBUG=off \
    python manage.py collectstatic --no-input \
 && chown -R espalier "$ESPALIER_VAR"

USER 10001
VOLUME ["/var/lib/espalier"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "uvicorn", "webapp.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--proxy-headers"]
