FROM localhost/debian:bookworm-slim AS build
WORKDIR /w
RUN head -c 5000000 /dev/urandom > out.bin
FROM localhost/debian:bookworm-slim
ARG SPACED="a b  c"
ARG NOVALUE
WORKDIR app
COPY --from=build /w/out.bin ./out/
COPY --from=build /w/ .
COPY . /whole/
COPY src /src
ADD --chown=1000:1000 app.py .
RUN <<EOF
head -c 700000 /dev/urandom > /hd
echo done
EOF
COPY <<X <<Y /two/
x
X
y
Y
RUN <<-EOF
	head -c 800000 /dev/urandom > /tabs
	EOF
RUN <<-"EOF" cat > /x
		# kept comment
	x $A
	EOF
RUN echo "  two   spaces  " && \
      # no
      echo '# buildkit' && echo a\
b
RUN echo "quoted \"x\" \\ $SPACED ${NOVALUE:-no}" > "/with space"
RUN  --mount=type=bind,from=build,target=/m   cp /m/w/out.bin /copied.bin
RUN true
RUN true
RUN rm -f /copied.bin
RUN echo x	tab > /t
RUN :
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN echo ${SPACED}
RUN ["/bin/sh", "-c", "echo a > /q"]
COPY --chmod=755 $NOVALUE* src/*  /glob/$SPACED/
ENV A=1 \
    # comment
    B="two words" C='$A'
CMD ["/bin/sh", "-c", "true"]
