/* The value of Block1 and Block2 (RFC 7959 section 2.2), as the number that the option holds:
 *
 *  0                   1                   2
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                  NUM                  |M| SZX |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * A block has 2^(SZX + 4) octets and starts at NUM times that: NUM * 16 shifted by SZX.
 */
#ifndef LW_COAP_BLOCK_H
#define LW_COAP_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coap/option.h"

#define LW_BLOCK_SZX_MAX  6u /* 1024 octets */
#define LW_BLOCK_SZX_BERT 7u /* several blocks of 1024, on streams only: RFC 8323 section 6 */
#define LW_BLOCK_MORE     8u /* M */

/* The block that starts at `offset`, a multiple of its size. */
static inline uint32_t lw_block_of(size_t offset, uint32_t szx, bool more)
{
    return (uint32_t)(offset >> szx) | (more ? LW_BLOCK_MORE : 0) | szx;
}

static inline uint32_t lw_block_szx(uint32_t block)
{
    return block & 7u;
}

static inline bool lw_block_has_more(uint32_t block)
{
    return (block & LW_BLOCK_MORE) != 0;
}

static inline bool lw_block_is_first(uint32_t block)
{
    return block >> 4 == 0;
}

/* Where it starts in the whole body: below 2^30. */
static inline size_t lw_block_offset(uint32_t block)
{
    return (size_t)(block & ~15u) << lw_block_szx(block);
}

/* Octets of one block: 16..1024. */
static inline size_t lw_block_size(uint32_t szx)
{
    return (size_t)16 << szx;
}

/* The largest SZX up to `szx` whose block has room, or 0. */
uint32_t lw_block_szx_within(uint32_t szx, size_t room);

/* What a message says in LW_COAP_NOTE_BLOCK1 or LW_COAP_NOTE_BLOCK2. False when that option is not
 * there, or has the SZX 7 (RFC 7959 section 2.2, P-TRN-08). */
bool lw_block_noted(const lw_coap_noted *noted, lw_coap_note note, uint32_t *out_block);

#endif
