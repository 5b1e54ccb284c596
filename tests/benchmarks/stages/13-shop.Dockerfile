# The image that ships.
FROM reports AS shop
ENV DATABASE_URL=postgresql://db.example.com/shop
RUN apt-get update && apt-get install -y postgresql-client
RUN pip install alembic psycopg[binary]
COPY src /srv/shop
WORKDIR /srv/shop
CMD ["alembic", "upgrade", "head"]
