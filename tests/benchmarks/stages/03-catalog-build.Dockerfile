FROM catalog-deps AS catalog-build
COPY . .
ENV NODE_OPTIONS="--max-old-space-size=4096"
RUN npm run lint && \
    npm run build && \
    # Source maps go to the error tracker, not to the customers.
    mkdir -p /srv/sourcemaps && \
    find dist -name '*.map' -exec mv {} /srv/sourcemaps/ \; && \
    test -f dist/server.js
RUN npm prune --omit=dev
RUN rm -rf /srv/catalog-deps/.cache /root/.npm
