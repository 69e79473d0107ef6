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
    uint32_t v = lw_coap_opt_uint(value);
    uint8_t szx = v & 7u;
    if (szx == LW_BLOCK_SZX_BERT && !bert_allowed) {
        return LW_EPROTO;
    }
    *out_block = (lw_block){.num = v >> 4, .szx = szx, .more = (v & 8u) != 0};
    return LW_OK;
}

lw_err lw_block_find(lw_bytes options, uint32_t number, bool bert_allowed, lw_block *out_block)
{
    lw_bytes value;
    if (!lw_coap_opt_find(options, number, &value)) {
        return LW_END;
    }
    return lw_block_parse(value, bert_allowed, out_block);
}

static unsigned size_bits(uint8_t szx)
{
    return szx < LW_BLOCK_SZX_MAX ? 4u + szx : 4u + LW_BLOCK_SZX_MAX;
}

size_t lw_block_size(uint8_t szx)
{
    return (size_t)1 << size_bits(szx);
}

uint8_t lw_block_szx(size_t size)
{
    uint8_t szx = 0;
    while (szx < LW_BLOCK_SZX_MAX && lw_block_size((uint8_t)(szx + 1)) <= size) {
        szx++;
    }
    return szx;
}

size_t lw_block_offset(lw_block b)
{
    return (size_t)b.num << size_bits(b.szx);
}

bool lw_block_at(size_t offset, uint8_t szx, bool more, lw_block *out_block)
{
    size_t num = offset >> size_bits(szx);
    if (num > LW_BLOCK_NUM_MAX) {
        return false;
    }
    *out_block = (lw_block){.num = (uint32_t)num, .szx = szx, .more = more};
    return true;
}
