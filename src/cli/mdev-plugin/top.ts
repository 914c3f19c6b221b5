import type { WriteStream } from 'node:tty';
import { mdevDeviceSchema, type MdevDevice } from '../../api/mdev-device.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Log } from '../../kube/log.ts';
import { Reflector } from '../../kube/reflector.ts';
import { deviceResource } from '../../kube/resource.ts';
import { Store } from '../../kube/store.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Paint } from '../../plugin/paint.ts';
import { fit, topText } from '../../plugin/top-text.ts';
import { top } from '../../plugin/top.ts';

/** What happens in between is shown together, ms. */
const pause = 250;
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const restOfLine = '\u001b[K';
const restOfScreen = '\u001b[J';

/** A log for a screen that is in use: what goes wrong is told in its last line. */
const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export interface TopInit {
  readonly client: KubeClient;
  readonly terminal: WriteStream;
  readonly paint: Paint;
  readonly clock: Clock;
}

/** Shows who uses devices, on a screen of its own, as it changes, until `signal` is aborted; the terminal is then as it was. */
export async function showTop({ client, terminal, paint, clock }: TopInit, signal: AbortSignal): Promise<void> {
  const store = new Store<MdevDevice>({});
  let failures = 0;
  let cancel: (() => void) | undefined;
  const draw = (): void => {
    cancel = undefined;
    const note = failures > 0 ? paint('bad', 'The API server does not answer; this is how it was. Ctrl-C ends.') : 'Ctrl-C ends.';
    const lines = fit(topText(top(store.list()), paint), { rows: terminal.rows, width: terminal.columns }, note);
    terminal.write(home + lines.map((line) => line + restOfLine).join('\r\n') + restOfScreen);
  };
  const changed = (): void => void (cancel ??= clock.setTimeout(draw, pause));
  const reflector = new Reflector<MdevDevice>({
    client,
    resource: deviceResource,
    parse: (object) => mdevDeviceSchema.parse(object),
    store,
    onChange: changed,
    onState: (_, count) => {
      failures = count;
      changed();
    },
    clock,
    random: Math.random,
    log: silent,
  });
  terminal.write(enter);
  terminal.on('resize', changed);
  try {
    await reflector.run(signal);
  } finally {
    cancel?.();
    terminal.off('resize', changed);
    terminal.write(leave);
  }
}
