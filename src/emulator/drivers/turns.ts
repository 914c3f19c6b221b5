import type { DeviceUser } from '../vfio/model.ts';

export interface TurnsInit<Result> {
  /** Yields wherever others may have their turn. */
  readonly work: AsyncGenerator<void, Result>;
  /** False once something else has ended the work: it goes no further, and neither of the following is called. */
  readonly isCurrent: () => boolean;
  readonly onDone: (result: Result) => void;
  /** What it throws is reported by the user's `run`. */
  readonly onError: (error: unknown) => void;
}

/** Does long work of a device, one `run` for each turn, so that whoever runs them can serve others in between. */
export function inTurns<Result>(user: DeviceUser, init: TurnsInit<Result>): void {
  const { work, isCurrent, onDone, onError } = init;
  user.run(async () => {
    if (!isCurrent()) return;
    let step: IteratorResult<void, Result>;
    try {
      step = await work.next();
    } catch (error) {
      // Work that was ended fails, as its user and its pins are gone; nobody waits for that news.
      if (isCurrent()) onError(error);
      return;
    }
    if (!isCurrent()) return;
    if (step.done === true) onDone(step.value);
    else inTurns(user, init);
  });
}
