/** Removes what came first until at most `limit` are left: maps and sets keep the order of their entries. */
export function dropOldest<Key>(collection: Set<Key> | Map<Key, unknown>, limit: number): void {
  for (const oldest of collection.keys()) {
    if (collection.size <= limit) return;
    collection.delete(oldest);
  }
}
