import type { Config } from '../config.ts'
import { parseConfig } from '../config.ts'
import type { ServiceEvent } from '../core/event.ts'
import type { Demo } from '../embedded/demo.ts'
import { createDemo } from '../embedded/demo.ts'
import { createSamples } from '../embedded/samples.ts'
import type { Served } from '../embedded/serve.ts'
import { serveEmbedded } from '../embedded/serve.ts'
import { runSync } from '../sync/run.ts'
import type { Service } from './node.ts'
import { startService } from './node.ts'

/**
 * What nearport shows with no configuration: an embedded upstream with sample images and two
 * embedded mirrors, synced as it starts. `listening` puts the ports in; `tell` gets what a person
 * should read.
 */
export async function startDemo(
  listening: (config: Config) => Config,
  record: (event: ServiceEvent) => void,
  tell: (text: string) => void,
): Promise<Service> {
  const demo = createDemo()
  const [upstream, store] = await Promise.all([
    serveEmbedded(demo.registry.fetch),
    serveEmbedded(demo.store.fetch),
  ])
  const closeEmbedded = () => Promise.all([upstream.close(), store.close()])
  try {
    const config = listening(demoConfig(demo.mirrors, upstream, store))
    await fillMirrors(config, demo.credentials)
    const service = await startService(config, record)
    tell(greeting(service, config))
    return {
      ...service,
      async drain() {
        await service.drain()
        await closeEmbedded()
      },
    }
  } catch (error) {
    // What still listens would keep the process from ending.
    await closeEmbedded()
    throw error
  }
}

async function fillMirrors(config: Config, credentials: Demo['credentials']): Promise<void> {
  const { problems } = await runSync(config, {
    now: Date.now,
    record: () => {},
    env: {
      DEMO_ACCESS_KEY_ID: credentials.accessKeyId,
      DEMO_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    stop: new AbortController().signal,
  })
  if (problems.length > 0) {
    throw new Error(`the embedded mirrors could not be filled: ${JSON.stringify(problems)}`)
  }
}

function demoConfig(
  mirrors: readonly { readonly id: string; readonly bucket: string }[],
  upstream: Served,
  store: Served,
): Config {
  const json = {
    upstreams: [{ registry: upstream.url, cloud: 'gcp' }],
    mirrors: mirrors.map((mirror) => ({
      ...mirror,
      endpoint: store.url,
      forcePathStyle: true,
      credentials: 'DEMO',
    })),
    // A client that comes from this machine is nowhere: it should see a mirror all the same.
    elsewhere: mirrors[0]!.id,
    // Here alone a client is believed, so that one curl can come from anywhere.
    clientAddress: { header: 'x-forwarded-for', fromRight: 1 },
    // It asks nobody outside of anything.
    ranges: { refreshSeconds: 0 },
    drainSeconds: 0,
  }
  return parseConfig(json, 'the demonstration')
}

function greeting({ port, adminPort }: Service, config: Config): string {
  const [hello] = createSamples()
  const layer = hello!.image.children[0]!.blobs.at(-1)!
  const url = `http://127.0.0.1:${port}`
  return `nearport shows itself: an upstream in gcp, mirrors in ${config.mirrors.map(({ id }) => id).join(' and ')}.

  A layer, asked for from AWS in Ireland, is in the mirror there:
    curl -s -o /dev/null -D - -H 'X-Forwarded-For: 54.72.0.10' ${url}/v2/hello/blobs/${layer.descriptor.digest}

  An image, pulled by a real client:
    skopeo copy --src-tls-verify=false docker://127.0.0.1:${port}/hello:1.0 dir:hello

  Where all that came from, in bytes and dollars, for people and for Prometheus:
    http://127.0.0.1:${adminPort}/
    curl -s http://127.0.0.1:${adminPort}/metrics | grep ^nearport_blob_bytes_total

`
}
