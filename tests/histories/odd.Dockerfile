# escape=`
from localhost/debian:bookworm-slim as one
run head -c 100000 /dev/urandom > /a && `
    # c
    echo `
    b `
    && echo "c:\dir"
FROM one
ARG DIR=src
copy ./src/. ./web/ /w/
COPY ${DIR}/a "$DIR/a" /with"quote"/
COPY --chmod=0644 --link src/a src/../web/b /deep/
ADD x.tar /unpacked/
ADD --link ./x.tar /unpacked2
COPY --from=one /a /a2
COPY --from=localhost/debian:bookworm /etc/passwd /etc/passwd.old
RUN <<EOF

head -c 200000 /dev/urandom > /h1

# comment
echo "$HOME"

EOF
RUN --mount=type=tmpfs,target=/t <<'A' cat > /h2 && <<B cat > /h3
a  b
A
b
B
RUN cat <<EOF > /a4 `
  && echo b
in
EOF
RUN ["/bin/bash", "-c", "head -c 30000 /dev/urandom > '/exec'"]
RUN	echo	tab
ENV X "a b"
ENV Y=a Z='q"q'
LABEL "com.example"="x y" two=three`
 four=5
WORKDIR /srv
WORKDIR sub
RUN echo ${DIR} `
 `
  && head -c 5000 /dev/urandom > e`
nd
VOLUME ["/v"]
USER 1000:1000
CMD ["a b", "c"]
