/** Oldest Kubernetes that we promise to run on, and the oldest that the pinned binary can emulate. */
export const oldestKubernetes = '1.33';
