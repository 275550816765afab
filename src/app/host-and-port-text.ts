/** Host and port as people write them, taken apart: `pool.example:3334`, `:3334`, `[::1]:3334`. What they may be is asked elsewhere. */

const PATTERN = /^(?:\[(?<ipv6>[^\]]*)\]|(?<host>[^:]*)):(?<port>\d{1,5})$/;

export type HostAndPortText = {
  /** What stands in brackets; undefined where there are none. */
  readonly ipv6: string | undefined;
  /** Without brackets; may be empty. */
  readonly host: string;
  /** At most 65,535. */
  readonly port: number;
};

/** Undefined where the text has no such form. */
export function splitHostAndPort(text: string): HostAndPortText | undefined {
  const groups = PATTERN.exec(text)?.groups;
  const port = Number(groups?.port);
  if (groups === undefined || port > 65_535) return undefined;
  return { ipv6: groups.ipv6, host: groups.host ?? "", port };
}
