# The shop's catalogue: dependencies first, so that they stay in the build cache.
FROM node:22 AS catalog-deps
ARG NPM_LOGLEVEL=warn
ENV NODE_ENV=development \
    NPM_CONFIG_LOGLEVEL=${NPM_LOGLEVEL} \
    PATH=/srv/catalog-deps/node_modules/.bin:$PATH
WORKDIR /srv/catalog-deps
COPY package.json package-lock.json ./
# sharp compiles against libvips where there is no prebuilt binary.
RUN apt-get update && apt-get install -y \
    build-essential \
    libvips-dev \
    python3
RUN npm install --no-audit --no-fund
