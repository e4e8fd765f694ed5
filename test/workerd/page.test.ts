import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { theBundle } from './parts/place.ts'
import { startWorker } from './parts/start-worker.ts'

const token = 'a-secret-of-operators'
const basic = `Basic ${Buffer.from(`anyone:${token}`).toString('base64')}`
const browser = { authorization: basic, accept: 'text/html' }
const config = {
  upstreams: [{ registry: 'https://registry.example', cloud: 'gcp' }],
  mirrors: [{ id: 'aws/eu-west-1', bucket: 'b' }],
  presence: 'assume',
  health: { everySeconds: 0 },
}

async function start(bindings: Readonly<Record<string, string>>) {
  const worker = await startWorker(await theBundle(), config, {
    bindings: { ADMIN_TOKEN: token, ...bindings },
  })
  onTestFinished(() => worker.stop())
  return (path: string, headers: Readonly<Record<string, string>> = browser) =>
    fetch(`${worker.url}/nearport/${path}`, { headers })
}

/** Answers each question with the same rows, as Analytics Engine writes them. */
async function serveAnalytics(answer: () => [status: number, body: string]) {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    const [status, body] = answer()
    response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const bindings = {
    ANALYTICS_ACCOUNT: 'abc',
    ANALYTICS_TOKEN: 'reads-analytics',
    ANALYTICS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  }
  return { bindings, asked: () => asked }
}

function points(): string {
  const seconds = Math.floor(Date.now() / 1000)
  const row = {
    slot: Math.floor(seconds / 900),
    action: 'mirror',
    reason: 'in-region',
    status: 307,
    cloud: 'aws',
    region: 'eu-west-1',
    place: 'aws/eu-west-1',
    repository: 'team/app',
    oldest: seconds - 90_000,
    requests: '40',
    bytes: '2000000000',
    unsized: 0,
  }
  return JSON.stringify({ meta: [], data: [row], rows: 1 })
}

test('the page and the report show what all isolates counted', async () => {
  let answer: [number, string] = [200, points()]
  const { bindings, asked } = await serveAnalytics(() => answer)
  const ask = await start(bindings)

  const report = (await (await ask('report.json')).json()) as Record<string, unknown>
  expect(report).toMatchObject({
    periods: [{ period: 'hour' }, { period: 'day', requests: { mirror: 40, upstream: 0 } }, {}],
    mirrors: [{ id: 'aws/eu-west-1', healthy: true, requests: 40, bytes: 2_000_000_000 }],
    ranges: [{ cloud: 'aws' }, { cloud: 'gcp' }, { cloud: 'azure' }],
  })
  const page = await ask('?period=day')
  expect(page.headers.get('content-type')).toContain('text/html')
  const html = await page.text()
  for (const shown of ['team/app', '2.0 GB']) expect(html).toContain(shown)
  // What is asked within a minute is answered with the same.
  expect(asked()).toBe(4)

  const path = encodeURIComponent('/v2/app/tags/list')
  const explained = await (await ask(`explain?ip=34.240.0.1&path=${path}`)).text()
  expect(explained).toContain('<h3 id="answer-head">')
  expect(explained).toContain('client: aws/eu-west-1')
  answer = [500, 'no']
  expect((await ask('page.css')).headers.get('content-type')).toContain('text/css')
  expect((await ask('page.js')).status).toBe(200)
  expect(await (await ask('metrics')).text()).toContain('ask Analytics Engine')
  expect(asked()).toBe(4)
})

test('a browser is asked for the token, and whoever has none sees nothing', async () => {
  const { bindings, asked } = await serveAnalytics(() => [200, points()])
  const ask = await start(bindings)
  const wrong = `Basic ${Buffer.from('anyone:wrong').toString('base64')}`
  for (const authorization of ['', wrong, 'Basic ====', 'Bearer wrong']) {
    const answer = await ask('', { authorization })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="nearport"/)
    expect((await ask('report.json', { authorization })).status).toBe(404)
  }
  expect(asked()).toBe(0)
  expect((await ask('', { authorization: `Bearer ${token}` })).status).toBe(200)
})

test('where the figures cannot be had the page says why', async () => {
  const without = await start({})
  const lacking = await without('')
  expect(lacking.status).toBe(503)
  expect(await lacking.text()).toContain(
    'wanted the account’s id in ANALYTICS_ACCOUNT, and a token',
  )

  const { bindings } = await serveAnalytics(() => [403, 'not allowed'])
  const refused = await (await start(bindings))('report.json')
  expect(refused.status).toBe(502)
  const text = await refused.text()
  expect(text).toContain('Analytics Engine answered 403: not allowed')
  expect(text).not.toContain('reads-analytics')
})
