/** How people and URLs write where a server is: `pool.example:3334`, `[::1]:3334`. */
export function hostAndPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
