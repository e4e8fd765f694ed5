import { createHash, createHmac, hash } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Digest } from '../../src/core/digest.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import { defaultKeys } from '../../src/core/key-template.ts'
import type { Mirror } from '../../src/core/mirror.ts'
import { signedBlobUrl } from '../../src/core/mirror.ts'
import { createSigner } from '../../src/core/signing/presign-signer.ts'
import type { StartSignature } from '../../src/core/signing/sha256-signature.ts'
import { portableSignature } from '../../src/core/signing/sha256-signature.ts'
import { nativeSignature } from '../../src/runtime/mirrors/mirror-signature.ts'
import { publishTable, spread } from './parts/table.ts'

export const name = 'presign'

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const region = 'us-east-1'
const host = `images.s3.dualstack.${region}.amazonaws.com`
const urlSeconds = 900
const rounds = 15

/** One way to a signature, and how many are made together, so that a round takes some milliseconds. */
type Contender = {
  readonly name: string
  readonly addresses: number
  readonly sign: (digest: Digest) => string | Promise<string>
}

/**
 * Prints what the address of a redirect to a private mirror costs: the key of the blob, the signature
 * and the text, from a digest. The clock is the real one, so that what is made anew each second is
 * in it.
 */
export async function run(): Promise<void> {
  // Many more than are remembered in a second: a round of them is no memory's.
  const digests = Array.from({ length: 1 << 15 }, (_, at) =>
    digestOfHex(createHash('sha256').update(String(at)).digest('hex')),
  )
  const contenders: readonly Contender[] = [
    { name: 'nearport on Node', addresses: 1 << 15, sign: signing(nativeSignature) },
    {
      name: 'the same, of 20 layers',
      addresses: 1 << 17,
      sign: ofFew(signing(nativeSignature), digests),
    },
    { name: 'nearport anywhere', addresses: 1 << 13, sign: signing(portableSignature) },
    { name: 'createHmac, key kept', addresses: 1 << 10, sign: createHmacSigner(keyOf()) },
    { name: 'createHmac, key made anew', addresses: 1 << 9, sign: createHmacSigner() },
    { name: 'the AWS SDK', addresses: 1 << 6, sign: sdkSigner() },
    { name: 'the three hashes alone', addresses: 1 << 15, sign: hashesAlone() },
    { name: 'no signature', addresses: 1 << 17, sign: unsigned() },
  ]
  await checkThatTheyAgree(contenders, digests[0]!)

  const times = contenders.map(() => [] as number[])
  // Rounds are interleaved, so that a slow moment of the machine is everyone's; one is for the compiler.
  for (let round = -1; round < rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      const time = await timeNs(contender, digests)
      if (round >= 0) times[at]!.push(time)
    }
  }
  const [ours] = times
  publishTable('presign', [
    ['', 'µs of one core an address: median (least–most)', '× nearport on Node, same round'],
    ...contenders.map((each, at) => [
      each.name,
      spread(times[at]!, 2, 1000),
      spread(
        times[at]!.map((time, round) => time / ours![round]!),
        2,
      ),
    ]),
  ])
}

async function timeNs({ addresses, sign }: Contender, digests: readonly Digest[]): Promise<number> {
  let length = 0
  // Processor time: what else the machine does is not ours, and what the collector does is.
  const start = process.cpuUsage()
  for (let at = 0; at < addresses; at++) {
    const address = sign(digests[at & (digests.length - 1)]!)
    // A promise is what the asynchronous ones cost, too.
    length += typeof address === 'string' ? address.length : (await address).length
  }
  const { user, system } = process.cpuUsage(start)
  if (length === 0) throw new Error('wanted addresses, got none')
  return ((user + system) * 1000) / addresses
}

function mirrorWith(signer: Mirror['signer']): Mirror {
  const place = { id: `aws/${region}`, cloud: 'aws', region }
  return { ...place, publicUrl: `https://${host}`, keys: defaultKeys, signer }
}

function signing(startSignature: StartSignature): Contender['sign'] {
  const place = { url: `https://${host}`, region }
  const signer = createSigner(place, { urlSeconds, now: Date.now, startSignature })
  signer.renew(credentials)
  const mirror = mirrorWith(signer)
  return (digest) => signedBlobUrl(mirror, 'GET', digest)
}

/** As when nodes start together, and all want the layers of one image. */
function ofFew(sign: Contender['sign'], digests: readonly Digest[]): Contender['sign'] {
  let at = 0
  return () => sign(digests[at++ % 20]!)
}

/** The least that it can take: SHA-256 of as many bytes as are signed, and the two of an HMAC. */
function hashesAlone(): Contender['sign'] {
  const [request, inner, outer] = [354, 197, 96].map((bytes) => Buffer.alloc(bytes, 'a'))
  return () => {
    hash('sha256', request!, 'hex')
    hash('sha256', inner!, 'hex')
    return hash('sha256', outer!, 'hex')
  }
}

function unsigned(): Contender['sign'] {
  const mirror = mirrorWith(undefined)
  return (digest) => signedBlobUrl(mirror, 'GET', digest)
}

function keyOf(day = new Date().toISOString().slice(0, 10).replaceAll('-', '')): Buffer {
  return [day, region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  )
}

/** As most write it: the text of the specification, put together and hashed. */
function createHmacSigner(kept?: Buffer): Contender['sign'] {
  return (digest) => {
    const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
    const path = `/${defaultKeys.pathOf(digest)}`
    const query = new URLSearchParams({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
      'X-Amz-Date': date,
      'X-Amz-Expires': String(urlSeconds),
      'X-Amz-SignedHeaders': 'host',
    }).toString()
    const canonical = `GET\n${path}\n${query}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`
    const hashed = createHash('sha256').update(canonical).digest('hex')
    const signature = createHmac('sha256', kept ?? keyOf(date.slice(0, 8)))
      .update(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${hashed}`)
      .digest('hex')
    return `https://${host}${path}?${query}&X-Amz-Signature=${signature}`
  }
}

function sdkSigner(): Contender['sign'] {
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256: NodeSha256,
    uriEscapePath: false,
  })
  return async (digest) => {
    const { query, path } = await signer.presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname: host,
        path: `/${defaultKeys.pathOf(digest)}`,
        query: {},
        headers: { host },
        // Whatever it is, its hash is not signed.
        body: {},
      },
      { expiresIn: urlSeconds },
    )
    const text = Object.entries(query ?? {}).map(
      ([parameter, value]) => `${parameter}=${encodeURIComponent(String(value))}`,
    )
    return `https://${host}${path}?${text.join('&')}`
  }
}

/** Who signs the same second for the same blob comes to the same signature, or is no contender. */
async function checkThatTheyAgree(contenders: readonly Contender[], digest: Digest): Promise<void> {
  // At the end of a second some may be in the next.
  for (let tries = 0; tries < 20; tries++) {
    const addresses: string[] = []
    for (const { sign } of contenders) addresses.push(await sign(digest))
    const signatures = addresses.map((address) => /X-Amz-Signature=(\w{64})/.exec(address)?.[1])
    const signed = new Set(signatures.filter((each) => each !== undefined))
    if (signed.size === 1 && signatures.at(-1) === undefined) return
  }
  throw new Error('wanted one signature from all who sign, got several')
}

type SourceData = string | ArrayBuffer | ArrayBufferView

/** What the SDK's own code hashes with, on Node. */
class NodeSha256 {
  #state

  constructor(secret?: SourceData) {
    const key = secret as string | Uint8Array | undefined
    this.#state = key === undefined ? createHash('sha256') : createHmac('sha256', key)
  }

  update(data: SourceData) {
    this.#state.update(data as string | Uint8Array)
  }

  async digest() {
    return new Uint8Array(this.#state.digest())
  }

  reset() {}
}
