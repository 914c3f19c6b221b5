/** Which model a device gets, as plain values that travel between threads. */
import { z } from 'zod';

const mebibyte = 1 << 20;
const id = z.number().int().min(0).max(0xffff);
const count = z.number().int().min(1).max(1_000_000);
/** Bytes of a BAR. */
const barSize = z
  .number()
  .int()
  .min(mebibyte)
  .max(2048 * mebibyte)
  .refine((size) => Number.isInteger(Math.log2(size)), 'must be a power of two');

export const modelSpecSchema = z.discriminatedUnion('model', [
  z.strictObject({ model: z.literal('mtty'), ports: z.union([z.literal(1), z.literal(2)]) }),
  z.strictObject({
    model: z.literal('grid'),
    vendorID: id,
    deviceID: id,
    apertureBytes: barSize,
    heads: count,
    maxWidth: count,
    maxHeight: count,
    frameRateLimit: count,
  }),
  z
    .strictObject({
      model: z.literal('gvt'),
      vendorID: id,
      deviceID: id,
      apertureBytes: barSize,
      shareBytes: z.number().int().min(mebibyte).multipleOf(4096),
      width: count,
      height: count,
    })
    .refine(({ apertureBytes, shareBytes }) => shareBytes <= apertureBytes, 'the share must fit into the aperture'),
  z.strictObject({ model: z.literal('ccw') }),
  z.strictObject({ model: z.literal('matrix') }),
]);

export type ModelSpec = z.infer<typeof modelSpecSchema>;
