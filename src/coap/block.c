#include "coap/block.h"

bool lw_block_noted(const lw_coap_noted *noted, lw_coap_note note, uint32_t *out_block)
{
    *out_block = noted->value[note];
    return lw_coap_has(noted, note) && lw_block_szx(*out_block) != LW_BLOCK_SZX_BERT;
}
