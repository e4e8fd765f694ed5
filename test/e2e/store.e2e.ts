import { join } from 'node:path'
import { inject } from 'vitest'
import { storeConformance } from '../embedded/store-conformance.ts'
import { startSwift } from './parts/swift.ts'

// The double that other tests use keeps to what real stores do.
storeConformance('Ceph RGW', async () => ({
  ...inject('parts').store,
  region: 'us-east-1',
  verifiesChecksums: false,
  conditions: { once: 'heeded', completeOnce: 'ignored', replace: 'heeded' },
  otherRegion: 200,
  publicRead: {
    kind: 'policy',
    urlOf: (bucket, key) => `${inject('parts').store.endpoint}/${bucket}/${key}`,
  },
  close: async () => {},
}))

storeConformance('OpenStack Swift', async () => {
  const directory = join(inject('parts').scratch, 'swift')
  const { stop, ...access } = await startSwift({ port: 7600, directory, region: 'us-east-1' })
  return {
    ...access,
    region: 'us-east-1',
    verifiesChecksums: false,
    conditions: { once: 'refused', completeOnce: 'heeded', replace: 'refused' },
    otherRegion: 400,
    publicRead: {
      kind: 'acl',
      urlOf: (bucket, key) => `${access.endpoint}/v1/AUTH_test/${bucket}/${key}`,
    },
    close: stop,
  }
})
