#include "client/outbox.h"

typedef struct lw_outbox_item {
    lw_link link_in_box;
    uint16_t len;
    uint8_t link;
    uint8_t octets[];
} item;

void lw_outbox_init(lw_outbox *box, const lw_mem *mem)
{
    *box = (lw_outbox){.mem = mem};
    lw_list_init(&box->waiting);
}

static void drop(lw_outbox *box, item *i)
{
    lw_list_remove(&i->link_in_box);
    lw_mem_release(box->mem, i);
    box->count--;
}

void lw_outbox_fini(lw_outbox *box)
{
    while (!lw_list_is_empty(&box->waiting)) {
        drop(box, LW_CONTAINER(box->waiting.next, item, link_in_box));
    }
    lw_mem_release(box->mem, box->lent);
    box->lent = NULL;
}

void lw_outbox_put(lw_outbox *box, uint8_t link, lw_bytes octets)
{
    item *i = box->count < LW_OUTBOX_MAX && octets.len <= UINT16_MAX
                  ? lw_mem_alloc(box->mem, sizeof *i + octets.len)
                  : NULL;
    if (i == NULL) {
        return;
    }
    i->link = link;
    i->len = (uint16_t)octets.len;
    if (octets.len > 0) {
        memcpy(i->octets, octets.ptr, octets.len);
    }
    lw_list_add_last(&box->waiting, &i->link_in_box);
    box->count++;
}

bool lw_outbox_take(lw_outbox *box, lw_client_out *out)
{
    lw_mem_release(box->mem, box->lent);
    box->lent = NULL;
    if (lw_list_is_empty(&box->waiting)) {
        return false;
    }
    item *i = LW_CONTAINER(box->waiting.next, item, link_in_box);
    lw_list_remove(&i->link_in_box);
    box->count--;
    box->lent = i;
    *out = (lw_client_out){.link = i->link, .octets = lw_bytes_of(i->octets, i->len)};
    return true;
}

void lw_outbox_drop_link(lw_outbox *box, uint8_t link)
{
    for (lw_link *l = box->waiting.next, *next; l != &box->waiting; l = next) {
        next = l->next;
        item *i = LW_CONTAINER(l, item, link_in_box);
        if (i->link == link) {
            drop(box, i);
        }
    }
}
