/** What keeps the pool from using a folder of its own, and what an operator can do about that. */

/** `systemCode`: as `ENOSPC`; empty where the error has none. */
export type SystemFault = { readonly systemCode: string; readonly reason: string };

export function systemFault(error: unknown): SystemFault {
  if (!(error instanceof Error)) return { systemCode: "", reason: String(error) };
  const { code = "", message } = error as NodeJS.ErrnoException;
  return { systemCode: code, reason: message };
}

/** @param systemCode as Node gives it; any other is a fault that has no remedy of its own. */
export function adviceFor(systemCode: string): string {
  switch (systemCode) {
    case "ENOSPC":
    case "EDQUOT":
      return "make room on the disk of data_dir";
    case "EROFS":
      return "mount the disk of data_dir so that it can be written";
    case "EACCES":
    case "EPERM":
      return "give data_dir and all in it to the user that the pool runs as";
    case "ENOENT":
    case "ENOTDIR":
      return "make data_dir a folder again";
    case "EMFILE":
    case "ENFILE":
      return "let the pool open more files (ulimit -n)";
    default:
      return "look at the disk of data_dir and at the system's own log";
  }
}
