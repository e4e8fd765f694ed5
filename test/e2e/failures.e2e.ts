import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { storeClient } from './parts/buckets.ts'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import { hosts, service } from './parts/netns.ts'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, eventsIn, startMirrors } from './parts/nearport.ts'
import { blobsOf, readMirrorLog } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { waitUntil } from './parts/process.ts'

// What breaks behind nearport's back, and what clients get then: always an image.
const parts = inject('parts')
const clients = createClients(parts)
const image = parts.images['multi']!
const host = hosts.awsEast
const port = 8121

const running: Stoppable[] = []
const keep = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
  const part = await starting
  running.push(part)
  return part
}
afterEach(async () => {
  for (const part of running.splice(0).toReversed()) await part.stop()
})

describe('where mirrors are asked (probe)', () => {
  test('emptied mirrors are found out, and every client pulls from the upstream', async () => {
    const { nearport, mirrors } = await setUp('probe-emptied', { ...probing })
    const serving = await keep(nearport.serve())
    await expectEveryonePulls('mirror', mirrors)

    await empty(mirrors)
    await waitForEvent(serving.log, 'mirror-lost')
    await expectEveryonePulls('upstream', mirrors)
  })

  test('a dead store is found out, and every client pulls from the upstream', async () => {
    const { nearport, mirrors } = await setUp('probe-dead', { ...probing })
    const serving = await keep(nearport.serve())
    await expectEveryonePulls('mirror', mirrors)

    await mirrors.stop()
    await waitForEvent(serving.log, 'mirror-lost')
    await expectEveryonePulls('upstream')
  })

  test('a store that was dead from the start makes nobody wait for it', async () => {
    const { nearport, mirrors } = await setUp('probe-never', { ...probing })
    await mirrors.stop()
    await keep(nearport.serve())
    await expectEveryonePulls('upstream')
  })
})

describe('where an index is kept (index)', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(parts.scratch, 'index-'))
  })

  test('with no index at all every client pulls from the upstream', async () => {
    const mirrors = await keep(startMirrors(parts, 'no-index', port))
    const nearport = await configureNearport(parts, 'no-index', mirrors.faces)
    await keep(nearport.serve())
    await expectEveryonePulls('upstream', mirrors)
  })

  test('emptied mirrors are filled by the next sync, and its index sends clients there', async () => {
    const { nearport, mirrors } = await setUp('index-emptied')
    await keep(nearport.serve())
    await empty(mirrors)

    // Whoever emptied the buckets also took the marker that says that they are ours.
    expect(await nearport.sync()).toMatchObject({ exitCode: 0 })
    await expectEveryonePulls('mirror', mirrors)
  })

  test('a dead store is left out by the next sync, and clients go to the upstream', async () => {
    const { nearport, mirrors } = await setUp('index-dead', {
      index: { directory, refreshSeconds: 0.3 },
    })
    const serving = await keep(nearport.serve())
    await expectEveryonePulls('mirror', mirrors)

    await mirrors.stop()
    const { exitCode, generation } = await nearport.sync()
    expect(exitCode).toBe(1)
    await waitUntil('the new generation', async () =>
      eventsIn(await readFile(serving.log, 'utf8')).some(
        (event) => event['event'] === 'index' && event['generation'] === generation,
      ),
    )
    await expectEveryonePulls('upstream')
  })
})

const probing = {
  presence: 'probe',
  probe: { recheckSeconds: 0.5, timeoutMs: 500, failedForSeconds: 1, absentForSeconds: 1 },
}

/** Mirrors that a sync has filled. */
async function setUp(
  name: string,
  changes: object = {},
): Promise<{ readonly nearport: Nearport; readonly mirrors: Mirrors }> {
  const mirrors = await keep(startMirrors(parts, name, port))
  const nearport = await configureNearport(parts, name, mirrors.faces, changes)
  expect(await nearport.sync()).toMatchObject({ exitCode: 0 })
  return { nearport, mirrors }
}

async function expectEveryonePulls(from: 'mirror' | 'upstream', mirrors?: Mirrors): Promise<void> {
  for (const client of clients) {
    const read = async () =>
      mirrors === undefined ? [] : readMirrorLog(mirrors.faces['aws/us-east-1'])
    const before = await read()
    const { manifests, blobs } = await client.pull({
      registry: `${service.names.both}:8080`,
      image,
      host,
    })
    expect({ manifests, blobs }, client.name).toEqual(expectedContent(client, image))
    const served = blobsOf((await read()).slice(before.length))
    expect(new Set(served), client.name).toEqual(new Set(from === 'mirror' ? blobs : []))
  }
}

async function empty(mirrors: Mirrors): Promise<void> {
  const client = storeClient(parts.store)
  for (const { bucket: Bucket } of Object.values(mirrors.faces)) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents.length).toBeGreaterThan(0)
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }))
  }
  client.destroy()
}

async function waitForEvent(log: string, name: string): Promise<void> {
  await waitUntil(`the event ${name}`, async () =>
    eventsIn(await readFile(log, 'utf8')).some(({ event }) => event === name),
  )
}
