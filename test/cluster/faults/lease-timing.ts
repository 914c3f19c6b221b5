/** As those of a cluster, in a fifth of the time, ms. */
export const leaseTiming = { leaseDuration: 3000, renewDeadline: 2000, retryPeriod: 400 } as const;
