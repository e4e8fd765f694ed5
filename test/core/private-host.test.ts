import { expect, test } from 'vitest'
import { isPrivateHost } from '../../src/core/private-host.ts'

test.for<[string, boolean]>([
  ['https://auth.docker.io/', false],
  ['https://8.8.8.8/', false],
  ['https://[2606:4700::1111]/', false],
  ['https://11.0.0.1/', false],
  ['https://172.32.0.1/', false],
  ['https://localhost/', true],
  ['https://a.localhost./', true],
  ['https://registry/', true],
  ['https://metadata.google.internal/', true],
  ['https://printer.local/', true],
  ['https://0.0.0.0/', true],
  ['https://127.1/', true],
  ['https://0x7f000001/', true],
  ['https://10.255.255.255/', true],
  ['https://100.64.0.1/', true],
  ['https://169.254.169.254/', true],
  ['https://172.31.255.255/', true],
  ['https://192.168.1.1/', true],
  ['https://198.19.0.1/', true],
  ['https://224.0.0.1/', true],
  ['https://255.255.255.255/', true],
  ['https://[::1]/', true],
  ['https://[::]/', true],
  ['https://[::ffff:10.0.0.1]/', true],
  ['https://[::ffff:8.8.8.8]/', false],
  ['https://[64:ff9b::a00:1]/', true],
  ['https://[fd00::1]/', true],
  ['https://[fe80::1]/', true],
  ['https://[ff02::1]/', true],
])('%s is private: %s', ([url, isPrivate]) => {
  expect(isPrivateHost(new URL(url).hostname)).toBe(isPrivate)
})
