/* The value of Block1 and Block2 (RFC 7959 section 2.2): NUM, M and SZX in 0..3 octets. */
#ifndef LW_COAP_BLOCK_H
#define LW_COAP_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coap/option.h"
#include "lw/bytes.h"
#include "lw/err.h"

#define LW_BLOCK_SZX_MAX  6u /* 1024 octets */
#define LW_BLOCK_SZX_BERT 7u /* several blocks of 1024, on streams only: RFC 8323 section 6 */
#define LW_BLOCK_NUM_MAX  0xfffffu

typedef struct lw_block {
    uint32_t num; /* 0..LW_BLOCK_NUM_MAX */
    uint32_t szx; /* 0..7 */
    bool more;
} lw_block;

/* LW_EFORMAT when longer than 3 octets; LW_EPROTO for SZX 7 unless bert_allowed, to be answered
 * with 4.00 (RFC 7959 section 2.2, P-TRN-08). */
LW_MUST_CHECK lw_err lw_block_parse(lw_bytes value, bool bert_allowed, lw_block *out_block);

/* The value as the uint that lw_coap_put_uint takes. */
static inline uint32_t lw_block_value(lw_block b)
{
    return b.num << 4 | (b.more ? 8u : 0u) | b.szx;
}

static inline lw_block lw_block_of(uint32_t value)
{
    return (lw_block){.num = value >> 4, .szx = value & 7u, .more = (value & 8u) != 0};
}

/* What a message says in LW_COAP_NOTE_BLOCK1 or LW_COAP_NOTE_BLOCK2. False when that option is not
 * there, or has the SZX 7. */
bool lw_block_noted(const lw_coap_noted *noted, lw_coap_note note, lw_block *out_block);

/* Octets of one block, 16..1024; of one step of NUM for BERT, 1024. */
size_t lw_block_size(uint32_t szx);

/* The largest block that is not larger than `size`; 0 (16 octets) for anything below 32. */
uint32_t lw_block_szx(size_t size);

/* Where the block starts in the whole body: below 2^30. */
size_t lw_block_offset(lw_block b);

/* The block of size szx that starts at `offset`, which is a multiple of the size. False when the
 * number would exceed LW_BLOCK_NUM_MAX. */
bool lw_block_at(size_t offset, uint32_t szx, bool more, lw_block *out_block);

#endif
