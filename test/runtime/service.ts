import { parseConfig } from '../../src/config.ts'
import type { ServiceEvent } from '../../src/core/event.ts'
import type { Service } from '../../src/runtime/node.ts'
import { startService } from '../../src/runtime/node.ts'

/** Addresses that are really published, and where they belong. */
export const addresses = {
  'aws/us-east-1': '3.80.0.1',
  'aws/eu-west-1': '34.240.0.1',
  'gcp/us-central1': '34.16.0.1',
  nowhere: '203.0.113.10',
} as const

/** A service on free ports of loopback, and the events it recorded. */
export async function startTestService(
  json: object,
): Promise<
  Service & { readonly events: ServiceEvent[]; readonly url: string; readonly adminUrl: string }
> {
  const events: ServiceEvent[] = []
  const listening = { host: '127.0.0.1', port: 0, adminPort: 0, drainSeconds: 0 }
  // Tests ask nobody outside.
  const ranges = { refreshSeconds: 0 }
  const config = parseConfig({ ...listening, ranges, ...json }, 'the test')
  const service = await startService(config, (event) => events.push(event))
  return {
    ...service,
    events,
    url: `http://127.0.0.1:${service.port}`,
    adminUrl: `http://127.0.0.1:${service.adminPort}`,
  }
}
