#include "coap/block.h"

/*  0                   1                   2
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                  NUM                  |M| SZX |  leading zero octets left out
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
lw_err lw_block_parse(lw_bytes value, bool bert_allowed, lw_block *out_block)
{
    if (value.len > 3) {
        return LW_EFORMAT;
    }
    lw_block block = lw_block_of(lw_coap_opt_uint(value));
    if (block.szx == LW_BLOCK_SZX_BERT && !bert_allowed) {
        return LW_EPROTO;
    }
    *out_block = block;
    return LW_OK;
}

bool lw_block_noted(const lw_coap_noted *noted, lw_coap_note note, lw_block *out_block)
{
    *out_block = lw_block_of(noted->value[note]);
    return lw_coap_has(noted, note) && out_block->szx != LW_BLOCK_SZX_BERT;
}

static unsigned size_bits(uint32_t szx)
{
    return szx < LW_BLOCK_SZX_MAX ? 4u + szx : 4u + LW_BLOCK_SZX_MAX;
}

size_t lw_block_size(uint32_t szx)
{
    return (size_t)1 << size_bits(szx);
}

uint32_t lw_block_szx(size_t size)
{
    uint32_t szx = 0;
    while (szx < LW_BLOCK_SZX_MAX && size >> (szx + 5) != 0) {
        szx++;
    }
    return szx;
}

size_t lw_block_offset(lw_block b)
{
    return (size_t)b.num << size_bits(b.szx);
}

bool lw_block_at(size_t offset, uint32_t szx, bool more, lw_block *out_block)
{
    size_t num = offset >> size_bits(szx);
    if (num > LW_BLOCK_NUM_MAX) {
        return false;
    }
    *out_block = (lw_block){.num = (uint32_t)num, .szx = szx, .more = more};
    return true;
}
