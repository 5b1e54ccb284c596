FROM golang:1.23 AS gateway-build
ARG TARGETOS=linux TARGETARCH=amd64
ARG VERSION=dev
ENV CGO_ENABLED=0
WORKDIR /src/gateway-build
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/gateway ./cmd/gateway
RUN wget -q -O /usr/local/bin/migrate.tar.gz https://downloads.example.com/migrate-4.17.tar.gz \
    && tar -xzf /usr/local/bin/migrate.tar.gz -C /usr/local/bin
RUN rm /usr/local/bin/migrate.tar.gz
