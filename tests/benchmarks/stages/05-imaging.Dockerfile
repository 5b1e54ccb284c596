# Thumbnails: an encoder that no distribution packages, built from its sources.
FROM pricing AS imaging
ARG ENCODER_VERSION=2.4.1
ENV ENCODER_PREFIX=/opt/encoder
RUN apt-get update && apt-get install -y --no-install-recommends \
        cmake \
        g++ \
        libjpeg-dev \
        make \
        wget
WORKDIR /tmp
RUN wget https://downloads.example.com/encoder-${ENCODER_VERSION}.tar.gz
RUN tar xzf encoder-${ENCODER_VERSION}.tar.gz
RUN cd encoder-${ENCODER_VERSION} \
    && cmake -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=${ENCODER_PREFIX} \
    && cmake --build build --parallel 4 \
    && cmake --install build
RUN rm -rf /tmp/encoder-*
RUN apt-get remove -y cmake g++ make wget && rm -rf /var/lib/apt/lists/*
RUN set -eux; \
    install -d -m 0755 /var/spool/imaging; \
    "${ENCODER_PREFIX}/bin/encoder" --version | grep -q "${ENCODER_VERSION}" || exit 1
COPY src/thumbnails.sh /usr/local/bin/imaging
CMD ["imaging", "--watch", "/var/spool/imaging"]
