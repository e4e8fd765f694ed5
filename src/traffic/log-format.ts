/** The formats of access logs that can be read, by the names that a command takes. */
export type LogFormat =
  | 'combined'
  | 'google-lb'
  | 'alb'
  | 'cloudfront'
  | 's3'
  | 'docker-registry'
  | 'json'
  | 'nearport'

/**
 * The formats with what they are called and one line for a help text, in the order in which they
 * are told.
 */
export const logFormats: readonly {
  readonly name: LogFormat
  readonly title: string
  readonly description: string
}[] = [
  {
    name: 'combined',
    title: 'nginx or Apache combined',
    description: 'nginx and Apache, the common and the combined format and what continues them',
  },
  {
    name: 'google-lb',
    title: 'Google Cloud load balancer',
    description: 'Google Cloud HTTP load balancer, exported by Cloud Logging: a JSON entry a line',
  },
  {
    name: 'alb',
    title: 'AWS ALB',
    description: 'AWS Application Load Balancer access log',
  },
  {
    name: 'cloudfront',
    title: 'CloudFront',
    description: 'CloudFront standard log: fields with tabs between, in the order of its #Fields',
  },
  {
    name: 's3',
    title: 'S3 server access log',
    description: 'S3 server access log of a bucket that holds blobs',
  },
  {
    name: 'docker-registry',
    title: 'docker-registry',
    description: 'docker-registry (distribution) itself, its formatters text, json and logstash',
  },
  {
    name: 'json',
    title: 'JSON lines',
    description: 'JSON lines of {"time", "address", "method", "path", "status", "bytes"}',
  },
  {
    name: 'nearport',
    title: 'nearport events',
    description: 'nearport’s own events, as `nearport serve` prints them',
  },
]

/** What a format is called: `AWS ALB`. */
export function titleOf(format: LogFormat): string {
  return logFormats.find(({ name }) => name === format)!.title
}
