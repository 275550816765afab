/** Where else the pool can be reached: miners are sent there when it leaves. SV2 §3.6.5. */
export type OtherHost = {
  /** A name or an IP address, without brackets; at most 255 bytes. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
};
