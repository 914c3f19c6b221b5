import type { DeviceModel, ModelServices } from '../vfio/model.ts';
import { gridModel } from './display/grid-model.ts';
import { gvtModel } from './display/gvt-model.ts';
import type { ModelSpec } from './model-spec.ts';
import { ccwModel } from './s390/ccw-model.ts';
import { matrixModel } from './s390/matrix-model.ts';
import { mttyModel } from './serial/mtty-model.ts';

/** Makes the device that a user of VFIO sees. */
export function createModel(spec: ModelSpec, services: ModelServices): DeviceModel {
  switch (spec.model) {
    case 'mtty':
      return mttyModel(spec.ports, services);
    case 'grid':
      return gridModel(spec, services);
    case 'gvt':
      return gvtModel(spec, services);
    case 'ccw':
      return ccwModel();
    case 'matrix':
      return matrixModel();
  }
}
