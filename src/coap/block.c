#include "coap/block.h"

uint32_t lw_block_szx_within(uint32_t szx, size_t room)
{
    while (szx > 0 && lw_block_size(szx) > room) {
        szx--;
    }
    return szx;
}

bool lw_block_noted(const lw_coap_noted *noted, lw_coap_note note, uint32_t *out_block)
{
    *out_block = noted->value[note];
    return lw_coap_has(noted, note) && lw_block_szx(*out_block) != LW_BLOCK_SZX_BERT;
}
