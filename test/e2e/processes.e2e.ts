import { clientHeader } from '../contract/place.ts'
import { serviceContract } from '../contract/service.ts'
import { serveProcesses } from '../runtime/cluster/served.ts'

serviceContract({
  name: 'several processes',
  start: (config) => serveProcesses({ clientAddress: { header: clientHeader }, ...config }),
})
