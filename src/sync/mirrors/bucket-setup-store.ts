import type {
  BucketLocationConstraint,
  LifecycleRule,
  PublicAccessBlockConfiguration,
} from '@aws-sdk/client-s3'
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import type { ConfiguredMirror } from '../../config.ts'
import type { Environment } from '../bucket/bucket-client.ts'
import { createBucketClient } from '../bucket/bucket-client.ts'
import { BucketError } from '../bucket/bucket-error.ts'
import type { PolicyDocument } from './bucket-setup-policy.ts'
import { parsePolicyText } from './bucket-setup-policy.ts'
import { sumWithMd5 } from './bucket-setup-md5.ts'
import { startDeadline } from '../deadline.ts'

/**
 * How a bucket is set up, as its store tells and takes it. What is asked of a setting rejects with
 * UnknownToStore where the store has no such thing, and with BucketError where it refuses.
 */
export type BucketSettings = {
  readonly head: () => Promise<BucketHead>
  readonly create: () => Promise<void>
  /** What of the public is blocked; undefined where nothing is set. */
  readonly publicAccessBlock: () => Promise<PublicAccessBlockConfiguration | undefined>
  readonly putPublicAccessBlock: (block: PublicAccessBlockConfiguration) => Promise<void>
  /** `BucketOwnerEnforced` where access lists mean nothing; undefined where nothing is set. */
  readonly ownership: () => Promise<string | undefined>
  readonly putOwnership: () => Promise<void>
  readonly policy: () => Promise<PolicyDocument | undefined>
  /** One with no statements takes the policy away. */
  readonly putPolicy: (policy: PolicyDocument) => Promise<void>
  readonly lifecycle: () => Promise<readonly LifecycleRule[]>
  readonly putLifecycle: (rules: readonly LifecycleRule[]) => Promise<void>
  /** Ends its connections. */
  readonly close: () => void
}

/** `elsewhere`: it is in another region than the signature says. */
export type BucketHead =
  | { readonly kind: 'there' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'elsewhere'; readonly region: string | undefined }

/** The store does not know such a setting: there is nothing to do, or it is done by other means. */
export class UnknownToStore extends Error {
  override readonly name = 'UnknownToStore'
}

const deadlineMs = 60_000

/** Opens the settings of a mirror's bucket. Throws where the environment lacks its credentials. */
export function openBucketSettings(
  mirror: ConfiguredMirror,
  { env, stop }: { readonly env: Environment; readonly stop: AbortSignal },
): BucketSettings {
  const { store } = mirror
  const client = createBucketClient(store, env)
  if (store.endpoint !== undefined) sumWithMd5(client)
  const Bucket = store.bucket

  async function asked<T>(what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, end } = startDeadline(deadlineMs, stop)
    try {
      return await call(signal)
    } catch (cause) {
      const error = new BucketError(`${what} of ${Bucket}`, cause)
      throw isUnknown(error) ? new UnknownToStore(error.message, { cause: error }) : error
    } finally {
      end()
    }
  }

  /** A setting's value, or undefined where the store says that none is set. */
  async function read<T>(what: string, call: (signal: AbortSignal) => Promise<T>) {
    try {
      return await asked(what, call)
    } catch (error) {
      if (error instanceof BucketError && noSetting.test(error.code)) return undefined
      throw error
    }
  }

  return {
    async head() {
      try {
        const answer = await asked('HEAD', (abortSignal) =>
          client.send(new HeadBucketCommand({ Bucket }), { abortSignal }),
        )
        // Stores other than AWS have one region, whatever they call it.
        const region = store.endpoint === undefined ? answer.BucketRegion : undefined
        return region === undefined || region === store.signingRegion
          ? { kind: 'there' }
          : { kind: 'elsewhere', region }
      } catch (error) {
        const { status, cause } = error as BucketError
        if (status === 404) return { kind: 'missing' }
        if (status === 403) return { kind: 'forbidden' }
        if (status === 301) return { kind: 'elsewhere', region: regionIn(cause) }
        throw error
      }
    },

    async create() {
      const place = locationOf(mirror)
      try {
        await createIn(place)
      } catch (error) {
        // A store of one place, whose signatures say any region.
        const isElsewhere = /LocationConstraint/.test((error as BucketError).code)
        if (place === undefined || store.endpoint === undefined || !isElsewhere) throw error
        await createIn(undefined)
      }
    },

    async publicAccessBlock() {
      const answer = await read('GET publicAccessBlock', (abortSignal) =>
        client.send(new GetPublicAccessBlockCommand({ Bucket }), { abortSignal }),
      )
      return answer && known(answer.PublicAccessBlockConfiguration, 'publicAccessBlock')
    },
    async putPublicAccessBlock(PublicAccessBlockConfiguration) {
      const input = { Bucket, PublicAccessBlockConfiguration }
      await asked('PUT publicAccessBlock', (abortSignal) =>
        client.send(new PutPublicAccessBlockCommand(input), { abortSignal }),
      )
    },

    async ownership() {
      const answer = await read('GET ownershipControls', (abortSignal) =>
        client.send(new GetBucketOwnershipControlsCommand({ Bucket }), { abortSignal }),
      )
      return (
        answer && known(answer.OwnershipControls, 'ownershipControls').Rules?.[0]?.ObjectOwnership
      )
    },
    async putOwnership() {
      const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] }
      await asked('PUT ownershipControls', (abortSignal) =>
        client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }), {
          abortSignal,
        }),
      )
    },

    async policy() {
      const answer = await read('GET policy', (abortSignal) =>
        client.send(new GetBucketPolicyCommand({ Bucket }), { abortSignal }),
      )
      if (answer?.Policy === undefined || answer.Policy === '') return undefined
      try {
        return parsePolicyText(answer.Policy)
      } catch (cause) {
        // A store that does not know the word `policy` may list the bucket instead.
        throw new UnknownToStore(`wanted the policy of ${Bucket} as JSON`, { cause })
      }
    },
    async putPolicy(policy) {
      // A policy with no statement is none that a store takes.
      if (policy.Statement.length === 0) {
        await asked('DELETE policy', (abortSignal) =>
          client.send(new DeleteBucketPolicyCommand({ Bucket }), { abortSignal }),
        )
        return
      }
      await asked('PUT policy', (abortSignal) =>
        client.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }), {
          abortSignal,
        }),
      )
    },

    async lifecycle() {
      const answer = await read('GET lifecycle', (abortSignal) =>
        client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), { abortSignal }),
      )
      return answer?.Rules ?? []
    },
    async putLifecycle(rules) {
      const input = { Bucket, LifecycleConfiguration: { Rules: [...rules] } }
      await asked('PUT lifecycle', (abortSignal) =>
        client.send(new PutBucketLifecycleConfigurationCommand(input), { abortSignal }),
      )
    },

    close: () => client.destroy(),
  }

  async function createIn(place: BucketLocationConstraint | undefined): Promise<void> {
    const where =
      place === undefined ? {} : { CreateBucketConfiguration: { LocationConstraint: place } }
    const command = new CreateBucketCommand({ Bucket })
    // The SDK puts the region of the signatures in where none is named, `auto` too.
    command.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { Bucket, ...where } }),
      {
        step: 'initialize',
        priority: 'low',
        name: 'nearportLocation',
      },
    )
    await asked('PUT', (abortSignal) => client.send(command, { abortSignal }))
  }

  /** A store that does not know the word answers with something else, where nothing is found. */
  function known<T extends object>(value: T | undefined, what: string): T {
    if (value !== undefined && Object.values(value).some((each) => each !== undefined)) return value
    throw new UnknownToStore(`wanted the ${what} of ${Bucket}, got another answer`)
  }
}

/**
 * Where a bucket is to be made: AWS's oldest region has no name there, and Google wants the place
 * although its signatures have none.
 */
function locationOf({ cloud, region, store }: ConfiguredMirror) {
  const isGoogle = cloud === 'gcp' && store.endpoint === 'https://storage.googleapis.com'
  const location = isGoogle ? region : store.signingRegion
  return location === 'us-east-1' || location === 'auto'
    ? undefined
    : (location as BucketLocationConstraint)
}

const noSetting =
  /^(?:NoSuch(?:BucketPolicy|LifecycleConfiguration|PublicAccessBlockConfiguration)|OwnershipControlsNotFoundError)$/
const unknownCodes = new Set([
  'NotImplemented',
  'MethodNotAllowed',
  'NotSupported',
  'UnsupportedOperation',
  'XNotImplemented',
])

function isUnknown({ status, code }: BucketError): boolean {
  return status === 501 || status === 405 || unknownCodes.has(code)
}

function regionIn(cause: unknown): string | undefined {
  const { $response } = (cause ?? {}) as {
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
  }
  return $response?.headers?.['x-amz-bucket-region']
}
