import type { Handler } from './observe.ts'
import { isAboutSetting, parseAction } from './store-action.ts'
import { readBody } from './store-body.ts'
import { type Bucket, createEmptyBucket } from './store-bucket.ts'
import { isClosedToPublic } from './store-bucket-settings.ts'
import { type StoreState, emptyResponse } from './store-call.ts'
import { StoreError, storeErrorResponse } from './store-error.ts'
import { isAllowed } from './store-policy.ts'
import { type Caller, type Credentials, authenticate } from './store-signature.ts'
import { textOf } from './store-xml.ts'

/**
 * The S3 API over what the state holds: who asks, what they ask, the whole body, may they, and only
 * then the action.
 */
export function storeHandler(state: StoreState, credentials: Credentials): Handler {
  return async (request) => {
    const response = await answer(request, state, credentials).catch((error: unknown) => {
      if (error instanceof StoreError) return storeErrorResponse(error)
      throw error
    })
    response.headers.set('Server', 'nearport-embedded')
    if (request.method !== 'HEAD') return response
    return new Response(null, { status: response.status, headers: response.headers })
  }
}

/** A bucket by its name. Throws NoSuchBucket. */
export function bucketIn(state: StoreState, name: string): Bucket {
  const bucket = state.buckets.get(name)
  if (bucket === undefined) throw new StoreError('NoSuchBucket', undefined, { BucketName: name })
  return bucket
}

async function answer(
  request: Request,
  state: StoreState,
  credentials: Credentials,
): Promise<Response> {
  const { bucketName, key, query } = parseTarget(request)
  const caller = authenticate(request, credentials, state.now())
  const { action, permission } = parseAction(request, query, key)
  const body = await readBody(request)
  const { method, headers } = request
  if (method === 'PUT' && key === '' && !isAboutSetting(query) && !state.buckets.has(bucketName)) {
    return createBucket(state, caller, bucketName, new TextDecoder().decode(body.bytes))
  }

  const bucket = bucketIn(state, bucketName)
  checkRegion(bucket, caller)
  // Where no permission is named, no policy can give it.
  const allowed =
    caller.kind === 'owner' ||
    (permission !== undefined &&
      !isClosedToPublic(bucket) &&
      isAllowed(bucket, caller, permission, key))
  if (!allowed) throw new StoreError('AccessDenied')
  return action({ state, caller, method, headers, query, body, bucket, key })
}

function parseTarget(request: Request) {
  const url = new URL(request.url)
  const [, bucketName = '', ...key] = url.pathname.split('/')
  try {
    // What does not decode cannot have been signed either.
    decodeURIComponent(url.search)
    // In a query S3 reads a plus as a plus, and Signature Version 4 with it.
    const query = new URLSearchParams(url.search.replaceAll('+', '%2B'))
    return { bucketName, key: decodeURIComponent(key.join('/')), query }
  } catch {
    throw new StoreError('InvalidURI', undefined, { URI: url.pathname })
  }
}

function createBucket(state: StoreState, caller: Caller, name: string, document: string): Response {
  if (caller.kind !== 'owner') throw new StoreError('AccessDenied')
  const region = textOf(document, 'LocationConstraint')
  state.buckets.set(name, createEmptyBucket(name, region))
  return emptyResponse({ Location: `/${name}` })
}

function checkRegion({ region }: Bucket, caller: Caller): void {
  if (caller.kind !== 'owner' || region === undefined || caller.region === region) return
  const message = `The authorization header is malformed; the region '${caller.region}' is wrong; expecting '${region}'`
  throw new StoreError('AuthorizationHeaderMalformed', message, { Region: region })
}
