/** What a probe tells of each of its steps. Plain values: `adit probe --json` prints them as they are. */

export type ProbeStep = "connect" | "handshake" | "certificate" | "setup" | "channel" | "job" | "close";

export type CertificateFacts = {
  readonly version: number;
  /** ISO 8601, both. */
  readonly validFrom: string;
  readonly notValidAfter: string;
  /**
   * How far this machine's clock is outside of that time: below 0 before it, above 0 after it. A clock that is wrong and
   * inside has 0: `minNtimeAheadSeconds` of the job may show it.
   */
  readonly clockDriftSeconds: number;
  /** Until it ends; below 0 afterwards. */
  readonly secondsLeft: number;
  /** Whether the key of the URL signed it. */
  readonly signature: "valid" | "not-checked" | "not-valid";
};

export type JobFacts = {
  readonly jobId: number;
  /** Which of the two the job is for. */
  readonly sentTo: "channel" | "group";
  /** Hexadecimal. */
  readonly version: string;
  readonly versionRollingAllowed: boolean;
  /** As explorers print it. */
  readonly prevHash: string;
  /** Hexadecimal. */
  readonly nbits: string;
  readonly networkDifficulty: number;
  readonly minNtime: number;
  /** How far min_ntime is ahead of this machine's clock; below 0 behind it, as is usual. */
  readonly minNtimeAheadSeconds: number;
  /** Of the job's message with its header. */
  readonly frameBytes: number;
  /** Of an extended channel's job. */
  readonly coinbase?: {
    readonly height: number | undefined;
    readonly bytes: number;
    readonly outputs: number;
    /** Satoshi of all outputs, as text. */
    readonly value: string;
    readonly merkleBranches: number;
  };
};

export type ProbeFacts =
  | { readonly step: "connect"; readonly address: string; readonly port: number }
  | { readonly step: "handshake" }
  | ({ readonly step: "certificate" } & CertificateFacts)
  | { readonly step: "setup"; readonly usedVersion: number; readonly flags: number }
  | {
      readonly step: "channel";
      readonly channel: "standard" | "extended";
      readonly channelId: number;
      readonly groupChannelId: number;
      readonly difficulty: number;
      /** Hexadecimal. */
      readonly extranoncePrefix: string;
      /** Bytes that the miner rolls. */
      readonly extranonceSize: number;
    }
  | ({ readonly step: "job" } & JobFacts)
  | { readonly step: "close" };

export type ProbeEvent =
  | (ProbeFacts & {
      readonly ok: true;
      /** Since the step before. */
      readonly ms: number;
      /** What works, and is a trouble to some miners. */
      readonly notes: readonly string[];
    })
  | {
      readonly step: ProbeStep;
      readonly ok: false;
      readonly ms: number;
      readonly code: string;
      readonly error: string;
      /** Where the certificate is what is wrong. */
      readonly certificate?: CertificateFacts;
    };
