import type { ScheduledController } from '@cloudflare/workers-types'
import type { Config } from '../../config/made.ts'
import { refuse } from '../../core/error.ts'
import { respondRefusal } from '../../proxy/answer.ts'
import { crc32 } from '../crc32.ts'
import { createBucketRanges } from '../ranges/bucket.ts'
import { makeWorkerConfig } from './config.ts'
import type { WorkerContext, WorkerEnv } from './env.ts'
import { createWorkerRecord } from './events.ts'
import type { WorkerService } from './service.ts'
import { createWorkerService } from './service.ts'

/** What Cloudflare calls. */
export type WorkerHandlers = {
  readonly fetch: (
    request: Request,
    env: WorkerEnv,
    context: WorkerContext,
  ) => Response | Promise<Response>
  readonly scheduled: (
    event: Pick<ScheduledController, 'cron'>,
    env: WorkerEnv,
    context: WorkerContext,
  ) => void
}

/**
 * Makes the Worker of a configuration, as it was checked, and of a compiled table of ranges. Throws
 * where they are not what they should be: Cloudflare refuses a Worker that throws as it is loaded, and
 * keeps the one before it.
 */
export function createWorkerHandlers(json: unknown, ranges: ArrayBuffer): WorkerHandlers {
  const config = makeWorkerConfig(json)
  let bucket: WorkerEnv['INDEX']
  const keeper = createBucketRanges(config.ranges, new Uint8Array(ranges), () => bucket)
  const name = `nearport-${crc32(new TextEncoder().encode(JSON.stringify(json)))}`
  let service: WorkerService | undefined

  return {
    fetch(request, env, context) {
      try {
        service ??= start(config, env)
      } catch (error) {
        // The next request tries again: what is missing is a secret, which may come at any time.
        console.error(JSON.stringify({ event: 'not-started', problem: (error as Error).message }))
        const refusal = refuse('UNAVAILABLE', 'this registry is not set up')
        return respondRefusal(refusal, request.method)
      }
      return service.fetch(request, context)
    },
    scheduled(event, env, context) {
      service ??= start(config, env)
      context.waitUntil(service.scheduled(event.cron))
    },
  }

  function start(checked: Config, env: WorkerEnv): WorkerService {
    const record = createWorkerRecord({ env, log: writeLine, random: Math.random })
    // The same for each request of an isolate, and known as the first one comes.
    bucket = env.INDEX
    return createWorkerService({ config: checked, ranges: keeper, env, name, record })
  }
}

function writeLine(line: string): void {
  console.log(line)
}
