import { startTestService } from '../runtime/service.ts'
import type { Place } from './place.ts'
import { clientHeader } from './place.ts'

export const node: Place = {
  name: 'Node',
  async start(config) {
    const service = await startTestService({ clientAddress: { header: clientHeader }, ...config })
    const { url, port, events, drain } = service
    return { url, port, events: () => events, stop: drain }
  },
}
