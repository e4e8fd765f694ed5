import { expect, test } from 'vitest'
import {
  readCredentials,
  readUsualCredentials,
} from '../../../src/core/signing/presign-credentials.ts'

const env = {
  R2_ACCESS_KEY_ID: 'AK',
  R2_SECRET_ACCESS_KEY: 'SK/+=',
  AWS_ACCESS_KEY_ID: 'AKIA',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'token==',
}

test('credentials are read by their prefix, with a token where there is one', () => {
  const keys = { accessKeyId: 'AK', secretAccessKey: 'SK/+=' }
  expect(readCredentials('R2', env)).toEqual(keys)
  expect(readCredentials('R2', { ...env, R2_SESSION_TOKEN: '' })).toEqual(keys)
  expect(readUsualCredentials(env)).toEqual({
    accessKeyId: 'AKIA',
    secretAccessKey: 'secret',
    sessionToken: 'token==',
  })
})

test('half of the usual ones are none: they may be elsewhere', () => {
  expect(readUsualCredentials({ AWS_ACCESS_KEY_ID: 'AKIA' })).toBeUndefined()
  expect(readUsualCredentials({ ...env, AWS_SECRET_ACCESS_KEY: '' })).toBeUndefined()
})

test.for<[string, Record<string, string | undefined>, string]>([
  [
    'missing',
    { R2_ACCESS_KEY_ID: undefined },
    'wanted R2_ACCESS_KEY_ID in the environment, got none',
  ],
  [
    'empty',
    { R2_SECRET_ACCESS_KEY: '' },
    'wanted R2_SECRET_ACCESS_KEY in the environment, got an empty one',
  ],
  [
    'ended by a line',
    { R2_SECRET_ACCESS_KEY: 'SK\n' },
    'wanted R2_SECRET_ACCESS_KEY of printable ASCII characters, got others',
  ],
  [
    'a token in other letters',
    { R2_SESSION_TOKEN: 'té' },
    'wanted R2_SESSION_TOKEN of printable ASCII characters, got others',
  ],
])('what is %s is named, and not shown', ([, changes, message]) => {
  expect(() => readCredentials('R2', { ...env, ...changes })).toThrow(message)
})
