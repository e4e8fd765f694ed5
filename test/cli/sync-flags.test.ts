import { expect, test } from 'vitest'
import { metricsSettings } from '../../src/cli/sync-metrics-flags.ts'
import { parseShard } from '../../src/cli/sync-shard.ts'

test('a run that nobody shares has no shard', () => {
  expect(parseShard(undefined, undefined)).toBeUndefined()
})

test('shards count from 0, as Kubernetes does', () => {
  expect(parseShard('0/4', 'a')).toEqual({ index: 0, of: 4, run: 'a' })
  expect(parseShard('3/4', '2f1b6c1e-0c5e-4d0e-9f5a-0a1b2c3d4e5f')).toMatchObject({ index: 3 })
})

test.for<[string | undefined, string | undefined, string]>([
  [undefined, 'a', '--run names what shards share: it wants --shard'],
  ['0/4', undefined, '--shard wants --run NAME too'],
  ['4/4', 'a', '--shard wants I/N, where I is from 0 to N - 1, as in 0/4; got "4/4"'],
  ['0/0', 'a', '--shard wants I/N'],
  ['-1/4', 'a', 'got "-1/4"'],
  ['1', 'a', 'got "1"'],
  ['$(JOB_COMPLETION_INDEX)/4', 'a', 'got "$(JOB_COMPLETION_INDEX)/4"'],
  ['0/4', 'a/b', '--run wants up to 100 letters, digits, dots and hyphens; got "a/b"'],
  ['0/4', '..', 'got ".."'],
])('--shard %s --run %s is wrong use', ([shard, run, message]) => {
  expect(() => parseShard(shard, run)).toThrow(message)
})

test('metrics go nowhere unless it is said', () => {
  const nowhere = { port: undefined, host: '127.0.0.1', pushUrl: undefined, file: undefined }
  expect(metricsSettings({})).toEqual(nowhere)
})

test('metrics are served on loopback unless another address is said', () => {
  expect(metricsSettings({ 'metrics-port': '9091' })).toMatchObject({
    port: 9091,
    host: '127.0.0.1',
  })
  const open = { 'metrics-port': '0', 'metrics-host': '0.0.0.0' }
  expect(metricsSettings(open)).toMatchObject({ port: 0, host: '0.0.0.0' })
})

test.for<[string, Record<string, string>, string]>([
  ['a port that is none', { 'metrics-port': '99999' }, '--metrics-port wants a port from 0 to'],
  ['a host without a port', { 'metrics-host': '::' }, 'where --metrics-port listens'],
  ['a gateway that is no address', { 'push-metrics': 'gateway:9091' }, '--push-metrics wants the'],
  ['a file that no collector reads', { 'metrics-file': 'a.txt' }, 'wants a name in .prom, and got'],
])('%s is wrong use', ([, flags, message]) => {
  expect(() => metricsSettings(flags)).toThrow(message)
})

test('an address that is refused is not repeated, as it may hold a password', () => {
  const wrong = { 'push-metrics': 'ftp://me:secret@gateway' }
  expect(() => metricsSettings(wrong)).toThrow(/^(?!.*secret)/)
})
