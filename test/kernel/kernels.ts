/** The kernels that the tests run on, as get-kernel.sh knows them. */
export const KERNELS = ['6.1', '6.12'] as const;
