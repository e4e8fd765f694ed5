import type { LogFormat } from '../../../src/traffic/log-format.ts'

/** A request as a log tells of it. */
export type LoggedRequest = {
  readonly timeMs: number
  readonly address: string
  readonly method: 'GET' | 'HEAD'
  readonly kind: 'blob' | 'manifest'
  readonly repository: string
  readonly reference: string
  readonly status: number
  readonly bytes: number
  readonly agent: string
}

/** How each format writes a request; the order is that of a table. */
export const logWriters: Readonly<Record<LogFormat, (request: LoggedRequest) => string>> = {
  combined: (request) =>
    `${request.address} - - [${clfTime(request.timeMs)}] "${requestLine(request)} HTTP/1.1" ` +
    `${request.status} ${request.bytes} "-" "${request.agent}"`,

  'google-lb': (request) =>
    JSON.stringify({
      httpRequest: {
        latency: '0.038421s',
        remoteIp: request.address,
        requestMethod: request.method,
        requestSize: '214',
        requestUrl: `https://images.example${pathOf(request)}`,
        responseSize: String(request.bytes + 412),
        serverIp: '10.128.0.7',
        status: request.status,
        userAgent: request.agent,
      },
      insertId: '1vzs264g1u90hp5',
      jsonPayload: {
        '@type': 'type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry',
        backendTargetProjectNumber: 'projects/123456789012',
        cacheDecision: ['RESPONSE_HAS_CACHE_CONTROL', 'CACHE_MODE_USE_ORIGIN_HEADERS'],
        remoteIp: request.address,
        statusDetails: 'response_sent_by_backend',
      },
      logName: 'projects/images/logs/requests',
      receiveTimestamp: new Date(request.timeMs + 900).toISOString(),
      resource: {
        labels: {
          backend_service_name: 'images',
          forwarding_rule_name: 'images',
          project_id: 'images',
          target_proxy_name: 'images',
          url_map_name: 'images',
          zone: 'global',
        },
        type: 'http_load_balancer',
      },
      severity: 'INFO',
      spanId: '4fe0fb5ae8bd1c4e',
      timestamp: new Date(request.timeMs).toISOString(),
      trace: 'projects/images/traces/3fb6c2f6a5dd4a6f8e2d2a3b5bd0a1c9',
    }),

  alb: (request) =>
    `h2 ${new Date(request.timeMs).toISOString()} app/images/50dc6c495c0c9188 ` +
    `${request.address}:46532 10.0.3.14:8080 0.000 0.004 0.000 ${request.status} ` +
    `${request.status} 214 ${request.bytes + 412} "${request.method} ` +
    `https://images.example:443${pathOf(request)} HTTP/2.0" "${request.agent}" ` +
    'ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:' +
    'targetgroup/images/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" ' +
    `"images.example" "session-reused" 0 ${new Date(request.timeMs).toISOString()} "forward" "-" ` +
    `"-" "10.0.3.14:8080" "${request.status}" "-" "-" TID_0c5d8a1f6f6b1d4fa6b1c3c46c1d0f55`,

  cloudfront: (request) =>
    [
      new Date(request.timeMs).toISOString().slice(0, 10),
      new Date(request.timeMs).toISOString().slice(11, 19),
      'DUB56-P1',
      request.bytes + 412,
      request.address,
      request.method,
      'd111111abcdef8.cloudfront.net',
      pathOf(request),
      request.status,
      '-',
      request.agent.replaceAll(' ', '%20'),
      '-',
      '-',
      'Hit',
      'k3FJ8mCdvEJqJDXzOrhSBn_c1MKB1cHv7LSxmVk0dbSsJ0c3qSAPrA==',
      'images.example',
      'https',
      '214',
      '0.041',
      '-',
      'TLSv1.3',
      'TLS_AES_128_GCM_SHA256',
      'Hit',
      'HTTP/2.0',
      '-',
      '-',
      '11040',
      '0.041',
      'Hit',
      'application/octet-stream',
      request.bytes,
      '-',
      '-',
    ].join('\t'),

  s3: (request) => {
    const key = `containers/images/${request.reference}`
    return (
      '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be images-eu-west-1 ' +
      `[${clfTime(request.timeMs)}] ${request.address} - 3E57427F3EXAMPLE ` +
      `REST.${request.method}.OBJECT ${key} "${request.method} /${key} HTTP/1.1" ` +
      `${request.status} - ${request.bytes} ${request.bytes} 71 24 "-" "${request.agent}" - ` +
      's9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= - ' +
      'ECDHE-RSA-AES128-GCM-SHA256 - images-eu-west-1.s3.eu-west-1.amazonaws.com TLSv1.2 - -'
    )
  },

  'docker-registry': (request) =>
    `time="${new Date(request.timeMs).toISOString()}" level=info msg="response completed" ` +
    'go.version=go1.19.8 http.request.host=images.example ' +
    'http.request.id=80d3f148-109d-41ca-a8b4-93076384d15c ' +
    `http.request.method=${request.method} http.request.remoteaddr="${request.address}:51742" ` +
    `http.request.uri="${pathOf(request)}" http.request.useragent="${request.agent}" ` +
    'http.response.contenttype="application/octet-stream" http.response.duration=5.145482ms ' +
    `http.response.status=${request.status} http.response.written=${request.bytes} `,

  json: (request) =>
    JSON.stringify({
      time: new Date(request.timeMs).toISOString(),
      address: request.address,
      method: request.method,
      path: pathOf(request),
      status: request.status,
      bytes: request.bytes,
    }),

  nearport: (request) =>
    JSON.stringify({
      event: 'request',
      timeMs: request.timeMs,
      method: request.method,
      kind: request.kind,
      repository: request.repository,
      reference: request.reference,
      cloud: 'aws',
      region: 'eu-west-1',
      action: 'mirror',
      reason: 'in-region',
      mirror: 'aws/eu-west-1',
      status: request.kind === 'blob' ? 307 : request.status,
      sizeBytes: request.bytes,
      bytes: request.bytes,
      durationMs: 0.083,
    }),
}

function pathOf({ repository, kind, reference }: LoggedRequest): string {
  return `/v2/${repository}/${kind}s/${reference}`
}

function requestLine(request: LoggedRequest): string {
  return `${request.method} ${pathOf(request)}`
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `10/Oct/2000:13:55:36 +0000` */
function clfTime(timeMs: number): string {
  const [year, month, day] = new Date(timeMs).toISOString().slice(0, 10).split('-')
  const clock = new Date(timeMs).toISOString().slice(11, 19)
  return `${day}/${months[Number(month) - 1]}/${year}:${clock} +0000`
}
