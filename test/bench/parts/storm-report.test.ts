import { expect, test } from 'vitest'
import { listenOverflows, momentsOf } from './storm-report.ts'

test('a connection counts when it was begun, and when it was answered', () => {
  const moments = momentsOf([
    { startMs: 10, tookMs: 5 },
    { startMs: 20, tookMs: 300 },
  ])
  expect(moments.map(({ begunPerSecond }) => begunPerSecond)).toEqual([8, 0])
  expect(moments.map(({ answeredPerSecond }) => answeredPerSecond)).toEqual([4, 4])
  expect(moments[0]).toMatchObject({ atSeconds: 0.125, mostMs: 300 })
  expect(moments[1]!.p50Ms).toBeNaN()
})

test('the kernel’s count of full queues is found by its name', () => {
  const text = 'TcpExt: A ListenOverflows B\nTcpExt: 1 22 3\nIpExt: C\nIpExt: 4\n'
  expect(listenOverflows(text)).toBe(22)
  expect(() => listenOverflows('IpExt: C\nIpExt: 4\n')).toThrow('wanted ListenOverflows')
})
