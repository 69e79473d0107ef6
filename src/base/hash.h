/* Hashes with a secret (SipHash-2-4): for tables whose keys come from the network, so that nobody
 * outside can choose keys that meet in one bucket; and for tokens that nobody can foresee.
 */
#ifndef LW_BASE_HASH_H
#define LW_BASE_HASH_H

#include <stdint.h>

#include "lw/bytes.h"

typedef struct lw_hash_key {
    uint64_t half[2];
} lw_hash_key;

uint64_t lw_hash(const lw_hash_key *key, lw_bytes in);

/* Without a secret (FNV-1a): whether something is what it was. The digest of more from that of what
 * is before it. */
#define LW_DIGEST_SEED 2166136261u
uint32_t lw_digest(uint32_t before, const void *octets, size_t len);

#endif
