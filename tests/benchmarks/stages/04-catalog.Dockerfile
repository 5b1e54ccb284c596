FROM node:22-slim AS catalog
LABEL org.opencontainers.image.title="catalog" \
      org.opencontainers.image.vendor="Example Shop"
ENV NODE_ENV=production PORT=8080
WORKDIR /srv/catalog
COPY --from=catalog-build --chown=node:node /srv/catalog-deps/node_modules ./node_modules
COPY --from=catalog-build --chown=node:node /srv/catalog-deps/dist ./dist
COPY package.json ./
RUN chown -R node:node /srv/catalog
USER node
EXPOSE 8080/tcp
HEALTHCHECK --interval=30s --timeout=3s --retries=3 \
  CMD node -e "fetch('http://127.0.0.1:8080/health').then(r => process.exit(r.ok ? 0 : 1))"
CMD ["node", "dist/server.js"]
