#include "coap/gather.h"

#include <string.h>

#include "coap/block.h"

static lw_err grow(lw_coap_gather *g, const lw_mem *mem, size_t needed, size_t announced)
{
    size_t room = 2 * g->room > announced ? 2 * g->room : announced;
    room = room < g->max ? room : g->max;
    room = room > needed ? room : needed;
    uint8_t *octets = lw_mem_alloc(mem, room);
    if (octets == NULL) {
        return LW_ENOMEM;
    }
    size_t len = g->len;
    if (len != 0) {
        memcpy(octets, g->octets, len);
    }
    lw_coap_gather_release(g, mem);
    g->octets = octets;
    g->len = len;
    g->room = room;
    return LW_OK;
}

lw_err lw_coap_gather_add(lw_coap_gather *g, const lw_mem *mem, const lw_bytes *part,
                          size_t announced)
{
    size_t needed = g->len + part->len;
    if (needed > g->room) {
        lw_err err = grow(g, mem, needed, announced);
        if (err != LW_OK) {
            return err;
        }
    }
    if (part->len != 0) {
        memcpy(g->octets + g->len, part->ptr, part->len);
    }
    g->len = needed;
    return LW_OK;
}

lw_err lw_coap_gather_block(lw_coap_gather *g, const lw_mem *mem, const lw_coap_msg *msg,
                            lw_coap_note note)
{
    uint32_t block = msg->noted.value[note];
    size_t announced = msg->noted.value[note + LW_COAP_NOTE_SIZE1 - LW_COAP_NOTE_BLOCK1];
    size_t end = g->len + msg->payload.len;
    bool more = lw_block_has_more(block);
    if (lw_block_szx(block) == LW_BLOCK_SZX_BERT || lw_block_offset(block) != g->len ||
        (more && msg->payload.len != lw_block_size(lw_block_szx(block)))) {
        return LW_EPROTO;
    }
    if (g->passes) {
        g->len = end;
    } else if (end > g->max || announced > g->max) {
        return LW_ETOOBIG;
    } else {
        lw_err err = lw_coap_gather_add(g, mem, &msg->payload, announced);
        if (err != LW_OK) {
            return err;
        }
    }
    return more ? LW_AGAIN : LW_OK;
}

void lw_coap_gather_release(lw_coap_gather *g, const lw_mem *mem)
{
    lw_wipe(g->octets, g->room);
    lw_mem_release(mem, g->octets);
    g->octets = NULL;
    g->len = g->room = 0;
}
