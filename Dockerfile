# The image of every role, built by `npm run image` (scripts/image/build.sh), which lays out the folder `app`: the bundle, koffi, CRDs, profiles.
# BASE is any glibc image with Node.js 24 as `node`. No shell is needed in it.
ARG BASE=docker.io/library/node:24-bookworm-slim

# koffi comes with documents and what it is built with, which stay in this stage; what is left must load and run.
FROM ${BASE} AS parts
COPY app /opt/mdev-operator
WORKDIR /opt/mdev-operator
RUN ["node", "-e", "for (const part of ['vendor', 'doc', 'cnoke.cjs', 'CHANGELOG.md', 'README.md']) fs.rmSync('node_modules/koffi/' + part, { recursive: true })"]
RUN ["node", "-e", "import('koffi').then((koffi) => koffi.load('libc.so.6').func('int getpid()')())"]
RUN ["node", "dist/main.js", "version"]

FROM ${BASE}
ARG VERSION
LABEL org.opencontainers.image.title="mdev-operator" \
      org.opencontainers.image.description="A declarative controller for Linux mediated devices" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=parts /opt/mdev-operator /opt/mdev-operator
# What each role must be beside this, and why, is in deploy/README.md. The controller needs no more; it writes nowhere.
USER 65532:65532
WORKDIR /opt/mdev-operator
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/opt/mdev-operator/dist/main.js"]
