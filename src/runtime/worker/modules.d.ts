/** nearport.json as it was checked, under the name that wrangler.toml gives it. */
declare module 'nearport-config' {
  const json: unknown
  export default json
}

/** What wrangler leaves a file of bytes beside the Worker for. */
declare module '*.bin' {
  const bytes: ArrayBuffer
  export default bytes
}
