import { isPassingFailure } from '../upstream/retry-policy.ts'

/** A store did not do what was asked of it. The message names the request and what came. */
export class BucketError extends Error {
  override readonly name = 'BucketError'
  /** S3's own word, as in AccessDenied, or what the network's failure is called. */
  readonly code: string
  readonly status: number | undefined
  readonly retryable: boolean

  constructor(asked: string, cause: unknown) {
    const { code, status, message } = describe(cause)
    const answered = status === undefined ? 'gave no answer' : `answered ${status}`
    super(
      code === 'CredentialsProviderError'
        ? `wanted credentials for ${asked}: ${credentialsWanted}, got none`
        : `the store ${answered} to ${asked}: ${code}${message}`,
      { cause },
    )
    this.code = code
    this.status = status
    this.retryable = isPassingFailure(cause) || passingStatus(status) || passingNames.has(code)
  }
}

const credentialsWanted =
  'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or credentials in the mirror’s configuration'

/**
 * Names the SDK gives to failures that may be gone a moment later, some of which come with status
 * 200 or none.
 */
const passingNames = new Set([
  // Another writes the same key: the next try finds it there.
  'ConditionalRequestConflict',
  'InternalError',
  // An upload that another took away, or a lost answer to its end: it may be started over.
  'NoSuchUpload',
  'OperationAborted',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'TimeoutError',
])

function passingStatus(status: number | undefined): boolean {
  return status !== undefined && (status === 429 || status >= 500) && status !== 501
}

function describe(cause: unknown): { code: string; status: number | undefined; message: string } {
  const { name, code, message, $metadata } = (cause ?? {}) as SdkError
  const status = $metadata?.httpStatusCode
  const word = [name, code].find((each) => each !== undefined && each !== 'Error') ?? 'failed'
  const text =
    message === undefined || message === '' || message === word ? '' : ` (${message.slice(0, 200)})`
  return { code: word, status, message: text }
}

type SdkError = {
  readonly name?: string
  readonly code?: string
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}
