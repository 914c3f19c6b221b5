# Builds the image of every role. BASE is any glibc image with Node.js >= 22.19 as `node`.
ARG BASE=docker.io/library/node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json tsconfig.json rolldown.config.ts ./
COPY scripts ./scripts
RUN npm ci --no-audit --no-fund
COPY src ./src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM ${BASE}
LABEL org.opencontainers.image.title="mdev-operator" \
      org.opencontainers.image.description="A declarative controller for Linux mediated devices" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /opt/mdev-operator
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/dist ./dist
COPY package.json LICENSE ./
COPY crds ./crds
COPY profiles ./profiles
USER 65532:65532
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/opt/mdev-operator/dist/main.js"]
