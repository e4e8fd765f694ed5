import { inject } from 'vitest'
import { storeConformance } from '../embedded/store-conformance.ts'

// The double that other tests use keeps to what a real store does.
storeConformance('Ceph RGW', async () => ({
  ...inject('parts').store,
  region: 'us-east-1',
  verifiesChecksums: false,
  close: async () => {},
}))
