#include "base/list.h"

static void insert_between(lw_link *link, lw_link *prev, lw_link *next)
{
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

void lw_list_add_last(lw_link *head, lw_link *link)
{
    insert_between(link, head->prev, head);
}

void lw_list_add_first(lw_link *head, lw_link *link)
{
    insert_between(link, head, head->next);
}

void lw_list_remove(lw_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    lw_list_init(link);
}

void lw_list_take(lw_link *head, lw_link *out_head)
{
    lw_list_init(out_head);
    if (!lw_list_is_empty(head)) {
        insert_between(out_head, head->prev, head->next);
        lw_list_init(head);
    }
}
