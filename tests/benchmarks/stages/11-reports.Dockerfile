# Reports are PDF: fonts and a headless browser come along.
FROM toolbox AS reports
ENV JAVA_OPTS="-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError" \
    REPORTS_HOME=/opt/reports
RUN apt-get update && \
    apt-get install -y --no-install-recommends \
      chromium \
      default-jre-headless \
      fontconfig \
      fonts-dejavu \
      fonts-liberation && \
    fc-cache -f
WORKDIR ${REPORTS_HOME}
COPY --from=reports-build /build/reports-build/target/layers/lib ./lib
COPY --from=reports-build /build/reports-build/target/layers/reports.jar ./
RUN useradd --uid 10001 --no-create-home reports
RUN mkdir -p /var/lib/reports /var/log/reports
RUN chown -R reports /var/lib/reports /var/log/reports ${REPORTS_HOME}
VOLUME ["/var/lib/reports"]
ENTRYPOINT exec java $JAVA_OPTS -jar reports.jar
