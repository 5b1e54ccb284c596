# Prices: a Python service with a few scientific packages.
FROM python:3.12 AS pricing
ARG REQUIREMENTS=requirements.txt
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VIRTUAL_ENV=/opt/pricing
RUN apt-get update
RUN apt-get install -y gcc libpq-dev libxml2-dev
WORKDIR /srv/pricing
COPY ${REQUIREMENTS} .
RUN pip install --upgrade pip && \
    pip install -r ${REQUIREMENTS} gunicorn==22.0.0
COPY . /srv/pricing
RUN <<EOF
set -e
groupadd --system pricing
useradd --system --gid pricing --home-dir /srv/pricing pricing
python -m compileall -q /srv/pricing
chown -R pricing:pricing /srv/pricing
EOF
RUN apt-get purge -y gcc && apt-get autoremove -y
EXPOSE 8000
ENTRYPOINT ["gunicorn", "--bind", "0.0.0.0:8000"]
CMD ["pricing.wsgi:application"]
