import { createStore } from '../../src/embedded/store.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { storeConformance } from './store-conformance.ts'

const credentials = { accessKeyId: 'AKTEST', secretAccessKey: 'SKTEST' }

storeConformance('the embedded store', async () => {
  const store = createStore(credentials)
  const { url, close } = await serveEmbedded(store.fetch)
  return {
    endpoint: url,
    region: 'us-east-1',
    ...credentials,
    verifiesChecksums: true,
    conditions: { once: 'heeded', completeOnce: 'heeded', replace: 'heeded' },
    otherRegion: 200,
    publicRead: { kind: 'policy', urlOf: (bucket, key) => `${url}/${bucket}/${key}` },
    close,
  }
})
