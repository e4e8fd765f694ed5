/**
 * Whether Node sends `fetch` through the environment's proxy: names are resolved there then, and what
 * they may lead to is for the proxy to keep.
 */
export function usesProxy(): boolean {
  const { NODE_USE_ENV_PROXY: isOn, NODE_OPTIONS: options = '' } = process.env
  return isOn === '1' || [options, ...process.execArgv].join(' ').includes('--use-env-proxy')
}
