/** What the tests' own modules import from the runtime. */
declare module 'cloudflare:workers' {
  export const env: { readonly NEARPORT_JSON: unknown }
}
