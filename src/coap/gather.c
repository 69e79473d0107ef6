#include "coap/gather.h"

#include <string.h>

static lw_err grow(lw_coap_gather *g, const lw_mem *mem, size_t needed, size_t announced,
                   size_t max)
{
    size_t room = 2 * g->room > needed ? 2 * g->room : needed;
    room = announced > room ? announced : room;
    room = room < max ? room : max;
    lw_coap_gather larger = {.octets = lw_mem_alloc(mem, room), .len = g->len, .room = room};
    if (larger.octets == NULL) {
        return LW_ENOMEM;
    }
    if (g->len != 0) {
        memcpy(larger.octets, g->octets, g->len);
    }
    lw_coap_gather_release(g, mem);
    *g = larger;
    return LW_OK;
}

lw_err lw_coap_gather_add(lw_coap_gather *g, const lw_mem *mem, const lw_bytes *part,
                          size_t announced, size_t max)
{
    size_t needed = g->len + part->len;
    if (needed > g->room) {
        lw_err err = grow(g, mem, needed, announced, max);
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

void lw_coap_gather_release(lw_coap_gather *g, const lw_mem *mem)
{
    lw_wipe(g->octets, g->len);
    lw_mem_release(mem, g->octets);
    *g = (lw_coap_gather){.octets = NULL};
}
