import type { Answer } from './ask.ts'
import type { Problem } from './clause.ts'
import { firstOf, jsonOf, wantThat } from './want.ts'

/** distribution-spec 1.1, "Error Codes": the code MUST be one of these. */
export const listedCodes: readonly string[] = [
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'UNAUTHORIZED',
  'DENIED',
  'UNSUPPORTED',
  'TOOMANYREQUESTS',
]

/** The codes of an error's body; undefined where the body is not of the spec's form. */
export function codesOf(answer: Answer): readonly string[] | undefined {
  const { errors } = Object(jsonOf(answer)) as { readonly errors?: unknown }
  if (!Array.isArray(errors) || errors.length === 0) return undefined
  const codes = errors.map((error) => (Object(error) as { readonly code?: unknown }).code)
  return codes.every((code) => typeof code === 'string') ? codes : undefined
}

/** A body in JSON is of the spec's form; a body in any other form is free to be so. */
export function wantErrorForm(answer: Answer): Problem {
  const isJson = jsonOf(answer) !== undefined
  const hasForm = codesOf(answer)?.every((code) => /^[A-Z_]+$/.test(code)) === true
  return wantThat(answer, !isJson || hasForm, 'an error’s body', answer.body.toString())
}

/** The body is an error in JSON, and says so; every code in it is of the spec's table. */
export function wantListedCode(answer: Answer): Problem {
  const codes = codesOf(answer) ?? []
  const areListed = codes.length > 0 && codes.every((code) => listedCodes.includes(code))
  return wantThat(answer, areListed, 'a code of the spec’s table', answer.body.toString())
}

/** One of these codes, in a body that says that it is JSON: Docker takes no other for an error. */
export function wantCode(answer: Answer, ...wanted: readonly string[]): Problem {
  const type = answer.headers.get('content-type') ?? ''
  const codes = codesOf(answer) ?? []
  return firstOf(
    wantThat(answer, /^application\/json *(?:;|$)/i.test(type), 'application/json', type),
    wantThat(
      answer,
      codes.some((code) => wanted.includes(code)),
      wanted.join(' or '),
      answer.body.toString(),
    ),
  )
}
