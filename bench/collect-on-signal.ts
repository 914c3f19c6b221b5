// Preloaded into a measured process (with --expose-gc): collects garbage when told to, so that what is measured is what is kept.
process.on('SIGUSR2', () => globalThis.gc?.());
