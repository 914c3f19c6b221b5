import type { Pinner } from '../iommu/type1.ts';
import type { AddressSpace, OnLimit } from './address-space.ts';
import { ModelUser } from './device-user.ts';
import { IRQs } from './irqs.ts';
import type { DeviceModel } from './model.ts';
import { takeAll } from './teardown.ts';

/** How a device is opened. */
export interface SessionInit {
  /** The readable vendor attributes of the mdev. */
  readonly attributes: Readonly<Record<string, string>>;
  /** See DeviceUser.run. */
  readonly run: (work: () => Promise<void>) => void;
  /** Called after the device's pins have changed by its own doing; not at its close. */
  readonly onPins?: (() => void) | undefined;
  /** The limit of whoever mapped refused a pin of the device. */
  readonly onLimit?: OnLimit | undefined;
}

/** A device from its first open to its last close: all files of it share its interrupts and pins. */
export interface Session {
  readonly model: DeviceModel;
  readonly space: AddressSpace;
  readonly irqs: IRQs;
  readonly pinner: Pinner;
  readonly user: ModelUser;
}

/** Hands the device to its user. @throws what the model refuses with; nothing is left then */
export function beginSession(model: DeviceModel, space: AddressSpace, init: SessionInit): Session {
  const irqs = new IRQs(model);
  const { dmaUnmap } = model;
  const pinner = space.dma.addPinner(dmaUnmap?.bind(model));
  const user = new ModelUser({ ...init, irqs, space, pinner });
  try {
    model.open(user);
  } catch (error) {
    user.close();
    pinner.release();
    throw error;
  }
  return { model, space, irqs, pinner, user };
}

/** Takes the device from its user. All is undone, whatever is thrown. @throws what the model throws */
export function endSession({ model, irqs, pinner, user }: Session): void {
  takeAll(
    () => {
      model.close();
    },
    () => {
      user.close();
    },
    () => {
      irqs.close();
    },
    () => {
      pinner.release();
    },
  );
}
