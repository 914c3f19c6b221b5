/** What a task has locked, in pages: the kernel's mm->locked_vm as far as type1 is concerned. */
export interface LockedAccount {
  pages: number;
}

/**
 * A process that maps memory: its limit and its right are asked for, its account is charged. One object a process, shared by all
 * containers it maps in, as they share the kernel's mm.
 */
export interface Task {
  readonly pid: number;
  /** The kernel's short command name. */
  readonly comm: string;
  readonly locked: LockedAccount;
  /** RLIMIT_MEMLOCK (soft) as of now, in bytes; Infinity when there is none. @throws ErrnoError ENODEV when the process is gone */
  memlockLimit(): number;
  /** Whether it has CAP_IPC_LOCK now; type1 samples it when a range is mapped. @throws ErrnoError ENODEV when the process is gone */
  hasIPCLock(): boolean;
}
