# syntax-free
ARG BASE=localhost/debian:bookworm-slim
FROM ${BASE} AS base
ARG VERSION=1.2.3
ENV APP_HOME=/srv/app LANG=C.UTF-8
ENV OLD style value
LABEL a="b" c=d \
      e="f g"
WORKDIR $APP_HOME
RUN head -c 1000000 /dev/urandom > /one.bin
RUN set -eux; \
    # a comment inside
    head -c 2000000 /dev/urandom > /two.bin; \

    echo "$VERSION ${LANG}" > /v  ; \
	echo   'spaces   kept'
ADD https-not.txt* src/ /added/

FROM base
ARG EXTRA
ARG PORT=8080
COPY . .
COPY --chown=www-data:www-data src/ /owned/
COPY ["with space.bin", "/x/"]
RUN ["head", "-c", "10", "/etc/passwd"]
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN head -c 4000000 /dev/urandom | cat > /four.bin
ADD app.py requirements.txt /tmp/${EXTRA:-none}/
USER www-data
EXPOSE $PORT 9000/udp
VOLUME /data /data2
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s CMD true
ONBUILD RUN echo hi
ENTRYPOINT ["python3"]
CMD echo $PORT
MAINTAINER me
