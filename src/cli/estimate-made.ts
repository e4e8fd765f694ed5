import type { MirrorChoice } from '../core/estimate/choose.ts'
import type { Demand } from '../core/estimate/demand.ts'
import type { EstimateModel } from '../core/estimate/model.ts'
import type { PlaceCost } from '../core/estimate/places.ts'
import type { SetCost } from '../core/estimate/cost.ts'
import type { EstimateSettings } from './estimate-flags.ts'
import type { LogsRead } from './estimate-read.ts'
import type { AskedSizes } from './estimate-sizes.ts'
import type { EstimateUpstream } from './estimate-upstream.ts'

/** All that an estimate is told from. */
export type Estimate = {
  readonly settings: EstimateSettings
  readonly upstream: EstimateUpstream
  readonly logs: LogsRead
  /** What came of asking for manifests; undefined: none was asked for. */
  readonly asked: AskedSizes | undefined
  /** The time that the logs are of. */
  readonly periodMs: number
  readonly demand: Demand
  readonly model: EstimateModel
  readonly choice: MirrorChoice
  readonly places: readonly PlaceCost[]
  /** What a month would cost if everybody who may be were served from outside the clouds' regions; undefined: it may not be. */
  readonly allOutside: SetCost | undefined
  /** The nearport.json that does it. */
  readonly config: object
}
