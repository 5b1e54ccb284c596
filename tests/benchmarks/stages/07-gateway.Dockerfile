FROM alpine:3.20 AS gateway
ENV GATEWAY_LISTEN=:9000
RUN apk add ca-certificates tzdata && adduser -D -H gateway
COPY --from=gateway-build /out/gateway /usr/local/bin/gateway
USER gateway
EXPOSE 9000
ENTRYPOINT ["/usr/local/bin/gateway"]
