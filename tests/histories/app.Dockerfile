FROM localhost/python:3.11-slim
WORKDIR /app
RUN apt-get update && \
    # what the health check calls
    apt-get install -y --no-install-recommends curl && \
    rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "app.py"]
