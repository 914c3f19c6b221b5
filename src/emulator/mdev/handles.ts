import type { User } from './snapshot.ts';

/** A device held open. */
export interface OpenDevice extends AsyncDisposable {
  readonly uuid: string;
  readonly user: User;
  /** Closes it; resolves when the driver is done. A second call answers EBADF, disposing twice does nothing. */
  release(): Promise<void>;
}

/** A group kept from being opened. */
export interface Claim extends Disposable {
  readonly uuid: string;
  /** Lets go; further calls do nothing. */
  release(): void;
}

/** A group's file, held open. */
export interface OpenGroup extends Disposable {
  readonly number: number;
  readonly user: User;
  /** Closes it; further calls do nothing. */
  release(): void;
}
