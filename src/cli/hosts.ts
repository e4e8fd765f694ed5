import type { Config } from '../config.ts'
import { hostsText, listHosts } from '../core/hosts.ts'
import { bucketArn, isAtAws } from '../sync/mirrors/bucket-setup-policy.ts'
import type { Command } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { loadConfig } from './load-config.ts'

const help = `nearport hosts [--config FILE] [--json] [--vpc-endpoint-policy REGION]

Lists every host that a client may be sent to, for whoever's firewall names them: host, what is there and since when,
between tabs. The day is that of "since" at the mirror or upstream in the configuration, - where it says none.
*. before a host stands for any name under it. A running nearport says the same on its admin port, at /hosts.

  --config FILE                    the configuration; default: NEARPORT_CONFIG, then ./nearport.json
  --json                           as JSON
  --vpc-endpoint-policy REGION     instead: the policy of an S3 gateway endpoint in an AWS region, such as eu-west-1,
                                   that lets clients there read the mirrors that they may be sent to, and nothing else

Exit code: 0 done, 1 it failed, 2 used wrongly.
`

/** `nearport hosts`: see its help. */
export const hosts: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, {
      config: 'string',
      json: 'boolean',
      'vpc-endpoint-policy': 'string',
    })
    if (rest.length > 0) throw new UsageError(`hosts wants flags alone, and got ${rest.join(' ')}`)
    const config = await loadConfig(flags.config, terminal.env)
    if (config === undefined) {
      throw new UsageError('hosts wants a configuration: --config FILE, or ./nearport.json')
    }
    const region = flags['vpc-endpoint-policy']
    if (region !== undefined) {
      terminal.out(`${JSON.stringify(endpointPolicy(config, region), undefined, 2)}\n`)
      return 0
    }
    const listed = listHosts(config)
    terminal.out(flags.json === true ? `${JSON.stringify({ hosts: listed })}\n` : hostsText(listed))
    return 0
  },
}

/**
 * The policy of an S3 gateway endpoint, which carries requests to buckets of its own region alone: reads
 * of the blobs of the mirrors there. Throws a UsageError where there is none.
 */
function endpointPolicy({ mirrors }: Config, region: string): object {
  const there = mirrors.filter((mirror) => isAtAws(mirror) && mirror.cloud === 'aws')
  const own = there.filter((mirror) => mirror.region === region)
  if (own.length === 0) {
    const known = there.map((mirror) => mirror.region).join(', ') || 'none'
    throw new UsageError(
      `--vpc-endpoint-policy wants a region with a mirror at AWS (${known}), and got ${region}`,
    )
  }
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'NearportMirrors',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: own.map((mirror) => `${bucketArn(mirror)}/${mirror.keys.prefix}*`),
      },
    ],
  }
}
