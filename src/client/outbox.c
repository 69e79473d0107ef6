#include "client/outbox.h"

struct lw_outbox_item {
    lw_outbox_item *next;
    size_t len;
    uint8_t link;
    uint8_t octets[];
};

/* Takes the item out that *at points to. */
static lw_outbox_item *cut(lw_outbox_item **at)
{
    lw_outbox_item *item = *at;
    *at = item->next;
    return item;
}

bool lw_outbox_put(lw_outbox *box, const lw_mem *mem, uint8_t link, lw_bytes octets)
{
    lw_outbox_item **end = &box->first;
    unsigned count = 0;
    for (; *end != NULL; end = &(*end)->next) {
        count++;
    }
    lw_outbox_item *item =
        count < LW_OUTBOX_MAX ? lw_mem_alloc(mem, sizeof *item + octets.len) : NULL;
    if (item != NULL) {
        item->link = link;
        item->len = octets.len;
        memcpy(item->octets, octets.ptr, octets.len); /* a message is never empty */
        *end = item;
    }
    return item != NULL;
}

bool lw_outbox_take(lw_outbox *box, const lw_mem *mem, lw_client_out *out)
{
    lw_mem_release(mem, box->lent);
    box->lent = box->first != NULL ? cut(&box->first) : NULL;
    if (box->lent == NULL) {
        return false;
    }
    *out = (lw_client_out){.link = box->lent->link,
                           .octets = lw_bytes_of(box->lent->octets, box->lent->len)};
    return true;
}

void lw_outbox_drop_link(lw_outbox *box, const lw_mem *mem, uint8_t link)
{
    lw_outbox_item **at = &box->first;
    while (*at != NULL) {
        if ((*at)->link == link) {
            lw_mem_release(mem, cut(at));
        } else {
            at = &(*at)->next;
        }
    }
}
