import { push } from './images.ts'
import { type Registry, createRegistry } from './registry.ts'
import { createSamples } from './samples.ts'
import { type Store, createStore } from './store.ts'

/**
 * What `npm start` shows with no configuration: an upstream, and a store with one empty bucket a
 * mirror.
 */
export type Demo = {
  readonly registry: Registry
  readonly store: Store
  readonly mirrors: readonly { readonly id: string; readonly bucket: string }[]
  /**
   * What sync signs its writes to the store with. They guard nothing: the store is on loopback, and
   * in memory.
   */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * Creates the demonstration's upstream with its sample images, and the buckets as their policies
 * would be in a cloud.
 */
export function createDemo(): Demo {
  const registry = createRegistry()
  for (const { repository, tags, image } of createSamples()) {
    push(registry, repository, image, ...tags)
  }

  const credentials = { accessKeyId: 'nearport-demo', secretAccessKey: 'nearport-demo' }
  const store = createStore(credentials)
  const mirrors = ['us-east-1', 'eu-west-1'].map((region) => {
    const bucket = `mirror-${region}`
    store.createBucket(bucket, { region, publicPrefixes: ['containers/images/', 'nearport/'] })
    return { id: `aws/${region}`, bucket }
  })
  return { registry, store, mirrors, credentials }
}
